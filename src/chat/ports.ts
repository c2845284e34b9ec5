// What the relay needs from the parts around it: who calls (Identity), who may (Rollout, ChatLimits), and the record of it
// (AuditTrail). Each is implemented in a file of its own and put together in src/app.
import type { Person } from '../contract/plugin.js'

export interface Identity {
  /** Whether a key to verify tokens with is configured. */
  readonly hasKey: boolean
  /** Null: invalid, expired, for another audience, or there is no key. Never throws. */
  verify(bearer: string): Promise<Person | null>
  /** A digest of the settings that verify tokens: while it stays the same, a token need not be verified again. */
  readonly rules: string
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
  /** The mark of the server's token (or of a ticket's); null where none was needed. */
  | { readonly kind: 'server'; readonly owner: string | null }

/** What limits and the rollout count as one caller. */
export type Caller = {
  readonly person: Person | null
  /** The address, or the /64 of an IPv6 one. */
  readonly addressKey: string
  /** `u:` and `person.key`, else `a:` and `addressKey`. */
  readonly key: string
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
  | { readonly ok: false; readonly retryAfterSec: number; readonly headers: Headers }

export interface Lease {
  /** Idempotent; called however the stream ends. */
  release(): void
}

export interface ChatLimits {
  /** Counts one start. Never throws: when its store fails, it logs that and admits the caller. */
  start(key: string): Promise<StartVerdict>
  /** Counts one live stream. `user`: the limit of this key is reached; `instance`: the server's. Null: no limit of one caller. */
  lease(key: string | null): Lease | 'user' | 'instance'
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

/** For ENABLE_AUDIT_TRAIL=false. */
export const noAudit: AuditTrail = { record: () => {}, canStart: () => true, close: async () => {} }
