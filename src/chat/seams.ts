// What the relay needs of the parts around it: who calls (Identity), who may (Rollout, ChatLimits), and what is remembered
// of it (AuditTrail). Each is implemented in a file of its own and put together in src/app.

/** A caller whose token was verified. */
export type Person = {
  /** Stable and unique (issuer and subject); what limits, ownership and audit count by. Never logged as it is. */
  readonly key: string
  /** The token's `email` claim; goes upstream, and into the audit only as its commitment. */
  readonly email: string | null
  /** The token's `role` claim. */
  readonly role: string | null
  /** The token's `jti`, else a digest of the token. */
  readonly tokenId: string
}

export interface Identity {
  /** Whether a key is configured to check tokens with. */
  readonly hasKey: boolean
  /** Null: bad, expired, not for us, or there is no key to check it with. Never throws. */
  verify(bearer: string): Promise<Person | null>
  /** Names the settings that decide about a bearer: while it stays the same, a bearer need not be looked at again. */
  readonly rules: string
}

/** What let a caller in. */
export type Credential =
  /** `rules` are those of the moment before it was verified. */
  | { readonly kind: 'person'; readonly bearer: string; readonly rules: string }
  /** The mark of the server's token (or of a ticket's); null where none was needed. */
  | { readonly kind: 'server'; readonly owner: string | null }

/** Whom limits and the rollout count as one. */
export type Caller = {
  readonly person: Person | null
  /** The address, or the /64 of an IPv6 one. */
  readonly addressKey: string
  /** `person.key` with a mark in front, else `addressKey` with another: what `start`, `lease` and `allows` get. */
  readonly key: string
}

export interface Rollout {
  /** The flag, the percentage and the allow list, as the settings are now. */
  allows(caller: Caller): boolean
  /** Whether the flag itself is on. */
  readonly enabled: boolean
  /** The part of the callers it is on for. */
  readonly percentage: number
}

export type Headers = Readonly<Record<string, string>>

/** `headers`: RateLimit-Policy, RateLimit and X-RateLimit-* (and Retry-After on a refusal), for the answer whatever it is. */
export type StartVerdict =
  | { readonly ok: true; readonly headers: Headers }
  | { readonly ok: false; readonly retryAfterSec: number; readonly headers: Headers }

export interface Lease {
  /** Idempotent; called on every way a stream can end. */
  release(): void
}

export interface ChatLimits {
  /** Counts one start. Never throws; a store that fails lets it pass and says so in the log. */
  start(key: string): Promise<StartVerdict>
  /** A live stream's place. `user`: this key (null: whoever bypasses) has as many as it may; `instance`: the server has. */
  lease(key: string | null): Lease | 'user' | 'instance'
  /** Whether the value of `x-api-key` is one of API_KEYS_INTERNAL: then `start` is not asked, and `lease` for no key. */
  bypasses(apiKey: string): boolean
}

/** What every record of a stream says. */
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
  /** Takes it for the next batch; never throws, never waits. */
  record(entry: AuditEntry): void
  /** False: the store cannot take records and G6_AUDIT_REQUIRED is on: new streams are refused with 503. */
  canStart(): boolean
  /** Commits what is pending. Idempotent. */
  close(): Promise<void>
}

/** For ENABLE_AUDIT_TRAIL=false. */
export const noAudit: AuditTrail = { record: () => {}, canStart: () => true, close: async () => {} }
