// Test doubles around the relay that count what it acquires and releases: identity, limits, timers.
import type { Caller, ChatLimits, Identity, Lease, RelayKey, Spent } from '../../src/chat/ports.js'
import { systemTimers, type Timers } from '../../src/clock/timers.js'

/** Tokens `person:NAME` are NAME's. */
export const identity: Identity = {
  rules: 'first',
  hasKey: true,
  verify: async bearer => {
    const name = /^person:(\w+)$/.exec(bearer)?.[1]
    return name === undefined
      ? null
      : { key: `iss|${name}`, email: `${name}@example.org`, role: 'member', tokenId: name }
  },
}

/** Counts acquired and released leases. */
export class CountedLimits implements ChatLimits {
  leased = 0
  started: string[] = []
  refuse: 'user' | 'instance' | 'rate' | null = null
  readonly hasKeys = true
  readonly spendings: { readonly key: string | null; readonly tokens: Spent }[] = []
  async start({ key }: Pick<Caller, 'key'>) {
    this.started.push(key)
    if (this.refuse !== 'rate') return { ok: true, headers: { RateLimit: '"default";r=19;t=60' } } as const
    const headers = { RateLimit: '"default";r=0;t=17' }
    return { ok: false, code: 'rate_limited', retryAfterSec: 17, headers } as const
  }
  readonly spent = (key: RelayKey | null, tokens: Spent): void => {
    this.spendings.push({ key: key?.name ?? null, tokens })
  }
  lease(caller: Pick<Caller, 'key'> | null): Lease | 'user' | 'instance' {
    if (this.refuse === 'instance' || (this.refuse === 'user' && caller !== null)) return this.refuse
    this.leased++
    let isHeld = true
    return {
      release: () => {
        if (isHeld) this.leased--
        isHeld = false
      },
    }
  }
  bypasses(apiKey: string): boolean {
    return apiKey === 'internal-key'
  }
}

/** Counts the timers that are waiting. */
export function countedTimers(): Timers & { readonly waiting: () => number } {
  let waiting = 0
  return {
    waiting: () => waiting,
    after: (ms, run) => {
      waiting++
      let isWaiting = true
      const settle = (): void => {
        if (isWaiting) waiting--
        isWaiting = false
      }
      const cancel = systemTimers.after(ms, () => {
        settle()
        run()
      })
      return () => {
        settle()
        cancel()
      }
    },
  }
}
