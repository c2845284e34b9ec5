// Refusals as clients of the original know them (our problem document with the members of its own answers), and as the audit
// trail records them.
import type { IncomingHttpHeaders } from 'node:http'
import { type ErrorCode, statusOf } from '../contract/errors.js'
import type { ChatGuard, Guard } from '../contract/refusal.js'
import { Refusal } from '../contract/refusal.js'
import type { ReaderPlace } from './limits/reader-places.js'
import type { Headers, SecurityOperation } from './seams.js'

/** Retry-After of refusals that end when somebody else ends, seconds. */
export const BUSY_RETRY_SEC = 5
export const BUSY: Headers = { 'Retry-After': String(BUSY_RETRY_SEC) }

/** A 429. */
export function rateLimited(
  guard: ChatGuard,
  code: ErrorCode,
  retryAfterSec = BUSY_RETRY_SEC,
  headers: Headers = {},
): Refusal {
  const retryAfter = Math.max(1, Math.ceil(retryAfterSec))
  const message = `Too many requests. Please wait ${retryAfter} s before trying again.`
  return new Refusal(
    guard,
    code,
    undefined,
    { ...headers, 'Retry-After': String(retryAfter) },
    { ok: false, error: 'RATE_LIMIT_EXCEEDED', message, retryAfter },
  )
}

/** The place of a reader becomes one of this answer's; throws the 429 where that has no more. */
export function followIn(place: ReaderPlace, streamId: string): void {
  if (!place.follow(streamId)) throw rateLimited('chat_cap', 'too_many_readers_of_stream')
}

const ORIGIN = /^[\x21-\x7e]{1,200}$/

/** The member `origin` of a 403: where the page stands that asked. Nothing when it does not say, or not in plain text. */
export function originIn({ origin }: IncomingHttpHeaders): { readonly origin?: string } {
  return origin !== undefined && ORIGIN.test(origin) ? { origin } : {}
}

const OPERATIONS: Readonly<Partial<Record<Guard, SecurityOperation>>> = {
  auth: 'security.auth_failure',
  chat_auth: 'security.auth_failure',
  chat_rate: 'security.rate_limit_violation',
  chat_cap: 'security.rate_limit_violation',
  host: 'security.forbidden',
  ip: 'security.forbidden',
  ua: 'security.forbidden',
  chat_flag: 'security.forbidden',
  chat_origin: 'security.forbidden',
}
/** Words of records that are older than the codes of the answers. */
const RECORDED_CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  rate_limited: 'rate',
  too_many_streams_of_user: 'user',
}

/** Null: the server cannot answer now, which forbids nobody anything. */
export function recordOf({ guard, code }: Refusal): {
  readonly operation: SecurityOperation
  readonly code: string
} | null {
  const operation = OPERATIONS[guard]
  if (operation === undefined || statusOf(code) >= 500) return null
  return { operation, code: RECORDED_CODES[code] ?? code }
}
