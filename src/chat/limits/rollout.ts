// Who gets streamed answers: the flag, then the allow list, then a percentage. Every caller has a fixed place between 0 and
// 100, derived from its key, so raising the percentage never drops a caller who was in.
import { createHash, createHmac } from 'node:crypto'
import type { Config } from '../../config/settings.js'
import type { Person } from '../../contract/plugin.js'
import type { Caller, Rollout } from '../ports.js'

export type RolloutSettings = Pick<
  Config,
  'enableSseStreaming' | 'enableSseStreamingPercentage' | 'enableSseStreamingUsers'
>

const HMAC = /^[0-9a-f]{64}$/i

/** 0 ≤ place < 100. */
export function placeOf(key: string): number {
  const bytes = createHash('sha256').update(`g6-chat-rollout\0${key}`).digest()
  return (bytes.readUIntBE(0, 6) / 2 ** 48) * 100
}

/** A person may be listed by key, subject claim or email; case does not matter. */
function namesOf({ key, email }: Person): readonly string[] {
  const names = [key, key.slice(key.indexOf('|') + 1), ...(email === null ? [] : [email])]
  return names.map(name => name.toLowerCase())
}

/** With an `hmacKey` the list may hold the HMAC-SHA-256 (hex) of a name in lower case. */
function isListed(person: Person, users: readonly string[], hmacKey: Uint8Array | null): boolean {
  const names = namesOf(person)
  const marks =
    hmacKey === null ? [] : names.map(name => createHmac('sha256', hmacKey).update(name).digest('hex'))
  return users.some(user => {
    const spelled = user.trim().toLowerCase()
    return names.includes(spelled) || (HMAC.test(spelled) && marks.includes(spelled))
  })
}

export type RolloutParts = {
  /** The settings in force; another object after a reload. */
  readonly settings: () => RolloutSettings
  /** `G6_AUDIT_KEY`, when it is set. */
  readonly hmacKey: Uint8Array | null
}

export function createRollout({ settings, hmacKey }: RolloutParts): Rollout {
  return {
    get enabled() {
      return settings().enableSseStreaming
    },
    get percentage() {
      return settings().enableSseStreamingPercentage
    },
    allows: ({ person, key }: Caller) => {
      const { enableSseStreaming, enableSseStreamingPercentage, enableSseStreamingUsers } = settings()
      if (!enableSseStreaming) return false
      if (person !== null && isListed(person, enableSseStreamingUsers, hmacKey)) return true
      // At 100, the default, no place has to be computed.
      return enableSseStreamingPercentage >= 100 || placeOf(key) < enableSseStreamingPercentage
    },
  }
}
