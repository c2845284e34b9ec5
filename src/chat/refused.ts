// Refusals and failures as HTTP errors, with the members that clients of the original read, and as the audit trail records
// them.
import type { IncomingHttpHeaders } from 'node:http'
import { type ErrorCode, HttpError, statusOf } from '../contract/errors.js'
import { busyHeaders, busyRetrySec, type ChatGuard, type Guard, Refusal } from '../contract/refusal.js'
import { CHAT_FAILURES, type ChatFailureCode } from '../protocol/chat-events.js'
import type { Headers, SecurityOperation } from './ports.js'

const BREAKER_RETRY: Headers = { 'Retry-After': '10' }

/** A 503 that ends when other callers end something. */
export function busy(guard: ChatGuard, code: ErrorCode): Refusal {
  return new Refusal(guard, code, undefined, busyHeaders())
}

/** A 429. */
export function rateLimited(
  guard: ChatGuard,
  code: ErrorCode,
  retryAfterSec = busyRetrySec(),
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

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="g6"' }
const INVALID_TOKEN = { 'WWW-Authenticate': 'Bearer realm="g6", error="invalid_token"' }

/** The 429 of a key that has used its tokens: asking again before the reset is in vain. */
export function tokensSpent(retryAfterSec: number, headers: Headers): Refusal {
  return rateLimited('chat_rate', 'tokens_spent', retryAfterSec, { ...headers, 'x-should-retry': 'false' })
}

/** A caller that is not let in. `waitMs` above 0: too many wrong credentials came from its address. */
export function refusedCaller(code: ErrorCode, waitMs: number): Refusal {
  if (statusOf(code) >= 500) return busy('chat_auth', code)
  if (code === 'key_wrong') return new Refusal('chat_auth', code, undefined, INVALID_TOKEN)
  if (waitMs > 0) return rateLimited('chat_auth', 'too_many_wrong_tokens', waitMs / 1000)
  if (code === 'token_wrong') return wrongToken()
  const detail = code === 'token_missing' ? "Send a person's token as Authorization: Bearer." : undefined
  return new Refusal('chat_auth', code, detail, CHALLENGE)
}

/** The 401 of a person's token. */
export function wrongToken(): Refusal {
  const detail = 'The token is not valid or has expired.'
  return new Refusal('chat_auth', 'token_wrong', detail, INVALID_TOKEN)
}

/** A failure before anything was sent. */
export function failedBefore(code: ChatFailureCode): HttpError {
  const { problem, message } = CHAT_FAILURES[code]
  return new HttpError(problem, message, problem === 'breaker_open' ? BREAKER_RETRY : {})
}

const ORIGIN = /^[\x21-\x7e]{1,200}$/

/** The member `origin` of a 403: the page's origin, when the browser sends one in plain text. */
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
  chat_model: 'security.forbidden',
  chat_origin: 'security.forbidden',
}
/** Codes of records that are older than those of the HTTP errors. */
const RECORDED_CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  rate_limited: 'rate',
  too_many_streams_of_user: 'user',
}

/** Null: the server is unable to answer, which is no refusal of this caller. */
export function recordOf({ guard, code }: Refusal): {
  readonly operation: SecurityOperation
  readonly code: string
} | null {
  const operation = OPERATIONS[guard]
  if (operation === undefined || statusOf(code) >= 500) return null
  return { operation, code: RECORDED_CODES[code] ?? code }
}
