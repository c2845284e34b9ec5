// What the relay needs from the parts around it: who calls (Identity, RelayKeys), who may (Rollout, ChatLimits), and the record
// of it (AuditTrail). Each is implemented in a file of its own and put together in src/app.
import type { Rate } from '../config/kinds/numbers.js'
import type { Person } from '../contract/plugin.js'

export interface Identity {
  /** Whether a key to verify tokens with is configured. */
  readonly hasKey: boolean
  /** Null: invalid, expired, for another audience, or there is no key. Never throws. */
  verify(bearer: string): Promise<Person | null>
  /** A digest of the settings that verify tokens: while it stays the same, a token need not be verified again. */
  readonly rules: string
}

/** One of the relay's own keys (`g6 keys add`), without anything secret. */
export type RelayKey = {
  readonly id: string
  /** Unique; the only thing of a key that health, metrics and audit show. */
  readonly name: string
  /** Epoch milliseconds; null: it does not expire. */
  readonly expiresAtMs: number | null
  /** The models that its callers may name; null: all. */
  readonly models: readonly string[] | null
  /** Instead of G6_CHAT_RATE. */
  readonly limit: Rate | null
  /** Live answers at once, instead of G6_CHAT_MAX_STREAMS_PER_USER. */
  readonly live: number | null
  /** Of a day in UTC, in and out together; null: no budget. */
  readonly tokensPerDay: number | null
}

/** `unavailable`: the database of keys cannot be read, so nobody with a key is let in. */
export type FoundKey =
  | { readonly kind: 'found'; readonly key: RelayKey }
  | { readonly kind: 'unknown' | 'expired' | 'unavailable' }

/** Tokens of one answer. `estimated`: the upstream did not count them. */
export type Spent = { readonly in: number; readonly out: number; readonly estimated: boolean }

/** What a key has used of its budget today. */
export type Used = { readonly tokens: number; readonly untilResetMs: number }

export interface RelayKeys {
  /** Whose key the text is. Never throws. */
  find(text: string): Promise<FoundKey>
  /** Whether this key is still in force. */
  isInForce(id: string): boolean
  /** Counts the tokens of an answer that has ended. */
  spent(key: RelayKey, tokens: Spent): void
  used(key: RelayKey): Used
  /** The names of the keys in force; null: unknown, the database cannot be read. */
  readonly names: readonly string[] | null
}

/** What admitted a caller. */
export type Credential =
  /** `rules` are those in force before it was verified; `validUntilMs`: epoch, null = it does not expire. */
  | {
      readonly kind: 'person'
      readonly bearer: string
      readonly rules: string
      readonly validUntilMs: number | null
    }
  | { readonly kind: 'key'; readonly id: string; readonly validUntilMs: number | null }
  /** An app behind a route of its own lets its callers in. */
  | { readonly kind: 'app' }
  /** The mark of the server's token (or of a ticket's); null where none was needed. */
  | { readonly kind: 'server'; readonly owner: string | null }

/** What limits and the rollout count as one caller. */
export type Caller = {
  /** Null, or the other is: a caller with both is the person. */
  readonly person: Person | null
  readonly relayKey: RelayKey | null
  /** The address, or the /64 of an IPv6 one. */
  readonly addressKey: string
  /** `u:` and `person.key`, else `k:` and the id of the relay key, else `a:` and `addressKey`. */
  readonly key: string
  /** On the route of an app: whose streams it has. */
  readonly owner?: string
}

/** Who owns the streams that a caller starts. Null: callers without identity look alike, so the stream's id is the secret. */
export function ownerOf({
  owner,
  person,
  relayKey,
}: Pick<Caller, 'owner' | 'person' | 'relayKey'>): string | null {
  // No `person.key` has a colon before its `|`.
  return owner ?? person?.key ?? (relayKey === null ? null : `k:${relayKey.id}`)
}

/** Until when a connection with this credential may stay open, epoch milliseconds; null: as long as it is valid. */
export function validUntilOf(credential: Credential): number | null {
  return credential.kind === 'person' || credential.kind === 'key' ? credential.validUntilMs : null
}

export interface Rollout {
  /** The flag, the percentage and the allow list, as the settings are now. */
  allows(caller: Caller): boolean
  /** Whether the flag itself is on. */
  readonly enabled: boolean
  /** Percentage of the callers it is on for. */
  readonly percentage: number
}

export type Headers = Readonly<Record<string, string>>

/** `headers`: RateLimit-Policy, RateLimit and X-RateLimit-* for any answer, and Retry-After for a refusal. */
export type StartVerdict =
  | { readonly ok: true; readonly headers: Headers }
  | {
      readonly ok: false
      /** `engine_gone`: Redis does not answer, and nobody may start without it (G6_REDIS_REQUIRED). */
      readonly code: 'rate_limited' | 'tokens_spent' | 'engine_gone'
      readonly retryAfterSec: number
      readonly headers: Headers
    }

export interface Lease {
  /** Idempotent; called however the stream ends. */
  release(): void
}

/** `gone`: Redis does not answer, and nobody may start without it (G6_REDIS_REQUIRED). */
export type LeaseVerdict = Lease | 'user' | 'instance' | 'gone'

export interface ChatLimits {
  /** Counts one start of a caller. Never throws: when its store fails, it logs that and admits the caller. */
  start(caller: Pick<Caller, 'key' | 'relayKey'>): Promise<StartVerdict>
  /** Counts one live stream. `user`: the limit of this caller is reached; `instance`: the server's. Null: no limit of one caller. */
  lease(caller: Pick<Caller, 'key' | 'relayKey'> | null): LeaseVerdict | Promise<LeaseVerdict>
  /** Counts the tokens of an answer that has ended; without a relay key nothing is counted. */
  spent(relayKey: RelayKey | null, tokens: Spent): void
  /** Whether there are keys in API_KEYS_INTERNAL. */
  readonly hasKeys: boolean
  /** Whether `x-api-key` is one of API_KEYS_INTERNAL: then the limits of one caller do not apply. */
  bypasses(apiKey: string): boolean
}

/** What every record of a stream has. */
type OfStream = {
  readonly streamId: string
  readonly connectionId: string
  readonly requestId: string
  readonly person: Person | null
  /** The name of the relay key it came with. */
  readonly key?: string | null
  /** Epoch milliseconds. */
  readonly atMs: number
}

export type SecurityOperation =
  | 'security.rate_limit_violation'
  | 'security.auth_failure'
  | 'security.forbidden'

export type AuditEntry =
  | (OfStream & {
      readonly operation: 'stream.start'
      /** Plain text: only its commitment may be stored. */
      readonly query: string
      readonly sessionId: string | null
      readonly upstream: string
    })
  | (OfStream & {
      readonly operation: 'stream.end'
      /** The terminal reason: that of `done` or `aborted`, or the code of `error`. */
      readonly reason: string
      readonly tokens: number
      /** UTF-8 bytes of the tokens. */
      readonly bytes: number
      readonly firstTokenMs: number | null
      readonly durationMs: number
      /** Origins of the upstreams that were tried, in order. */
      readonly upstreams: readonly string[]
    })
  | (OfStream & { readonly operation: 'stream.resume'; readonly after: number })
  | (OfStream & { readonly operation: 'stream.stop' })
  | {
      readonly operation: SecurityOperation
      readonly address: string
      readonly requestId: string
      readonly person: Person | null
      readonly key?: string | null
      /** A stable word: `token_wrong`, `cross_site`, `feature_flag_disabled`, `rate`, `user`, `instance`… */
      readonly code: string
      readonly atMs: number
    }
  | { readonly operation: 'auth.token_verified'; readonly person: Person; readonly atMs: number }

export interface AuditTrail {
  /** Queues it for the next batch; never throws, never waits. */
  record(entry: AuditEntry): void
  /** False: the store is unavailable and G6_AUDIT_REQUIRED is on, so new streams are refused with 503. */
  canStart(): boolean
  /** Commits what is pending. Idempotent. */
  close(): Promise<void>
}

/** Where there are no keys. */
export const noKeys: RelayKeys = {
  find: async () => ({ kind: 'unknown' }),
  isInForce: () => false,
  spent: () => {},
  used: () => ({ tokens: 0, untilResetMs: 0 }),
  names: [],
}

/** For ENABLE_AUDIT_TRAIL=false. */
export const noAudit: AuditTrail = { record: () => {}, canStart: () => true, close: async () => {} }
