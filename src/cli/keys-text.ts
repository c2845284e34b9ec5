// Relay keys and their usage: as lines for people, and as documents for programs.
import type { DayUse, StoredKey } from '../chat/keys/database.js'
import { dateOf } from '../chat/keys/token-uses.js'
import { printableMessage } from '../log/printable.js'
import { table } from './table.js'

const NOTHING = '–'

function stateOf({ revokedAtMs, expiresAtMs }: StoredKey, nowMs: number): 'in force' | 'revoked' | 'expired' {
  if (revokedAtMs !== null) return 'revoked'
  return expiresAtMs !== null && expiresAtMs <= nowMs ? 'expired' : 'in force'
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

export function keyDocument(key: StoredKey, nowMs: number) {
  const { name, createdAtMs, expiresAtMs, revokedAtMs, limit, live, tokensPerDay, models } = key
  return {
    name,
    state: stateOf(key, nowMs),
    created_at: timeOf(createdAtMs),
    expires_at: timeOf(expiresAtMs),
    revoked_at: timeOf(revokedAtMs),
    limit: limit === null ? null : `${limit.count}/${limit.windowSec}`,
    live,
    tokens_per_day: tokensPerDay,
    models,
  }
}

export function usageDocument(use: DayUse, name: string) {
  const { day, in: tokensIn, out, estimated, answers } = use
  return { day: dateOf(day), key: name, tokens_in: tokensIn, tokens_out: out, estimated, answers }
}

/** Null and absent as a dash; of a time the day and the minute. */
function cell(value: string | number | readonly string[] | null): string {
  if (value === null) return NOTHING
  return printableMessage(typeof value === 'object' ? value.join(',') : String(value))
}
const minute = (time: string | null): string | null => time?.slice(0, 16).replace('T', ' ') ?? null

export function keyLines(keys: readonly StoredKey[], nowMs: number): readonly string[] {
  const rows = keys.map(key => {
    const { name, state, created_at, expires_at, limit, live, tokens_per_day, models } = keyDocument(
      key,
      nowMs,
    )
    return [name, state, minute(created_at), minute(expires_at), limit, live, tokens_per_day, models].map(
      cell,
    )
  })
  const head = ['name', 'state', 'created (UTC)', 'expires (UTC)', 'starts', 'live', 'tokens a day', 'models']
  return table([head, ...rows], new Set([4, 5, 6]))
}

export function usageLines(uses: readonly ReturnType<typeof usageDocument>[]): readonly string[] {
  const rows = uses.map(use =>
    [use.day, use.key, use.tokens_in, use.tokens_out, use.estimated, use.answers].map(cell),
  )
  return table([['day (UTC)', 'key', 'in', 'out', 'estimated', 'answers'], ...rows], new Set([2, 3, 4, 5]))
}
