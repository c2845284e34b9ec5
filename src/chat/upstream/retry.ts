// What to do after a try failed before its first frame: retry, try the next backend, or give up. Pure.
import type { ChatFailureCode } from '../../protocol/chat-events.js'
import type { AttemptFailure } from './attempt.js'

export type TryFailure = AttemptFailure | { readonly kind: 'breaker_open' }

export type Position = {
  readonly backend: number
  /** From 0, at this backend. */
  readonly attempt: number
}

export type NextTry =
  | { readonly kind: 'try'; readonly at: Position; readonly waitMs: number }
  | { readonly kind: 'give_up' }

const MAX_ATTEMPTS = 3
/** Limit of the first wait; the second may be twice as long. */
const BACKOFF_BASE_MS = 200
const LONGEST_RETRY_AFTER_MS = 10_000

export function failureCode(failure: TryFailure): ChatFailureCode {
  switch (failure.kind) {
    case 'breaker_open':
      return 'breaker_open'
    case 'unreachable':
      return 'upstream_unreachable'
    case 'cut':
      return 'upstream_cut'
    case 'not_a_stream':
      return 'upstream_failed'
    case 'status': {
      const isRefusal = failure.status >= 400 && failure.status < 500 && failure.status !== 429
      return isRefusal ? 'upstream_refused' : 'upstream_failed'
    }
  }
}

/** What a log line has besides the code: an HTTP status, or the code of a connection error. */
export type FailureCause = string | number | null

export function failureCause(failure: TryFailure): FailureCause {
  if (failure.kind === 'status') return failure.status
  return 'cause' in failure ? failure.cause : null
}

/** The backend was not reached, is busy, or failed. */
function mayRetry(failure: TryFailure): boolean {
  if (failure.kind === 'status') return failure.status === 429 || failure.status >= 500
  return failure.kind === 'unreachable'
}

/** `Retry-After` (RFC 9110 10.2.3) in milliseconds; null: missing or invalid. */
export function retryAfterMs(header: string | null, nowWallMs: number): number | null {
  if (header === null) return null
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, at - nowWallMs)
}

/** `chance` is in [0, 1): full jitter. */
export function nextTry(
  failure: TryFailure,
  at: Position,
  backends: number,
  now: { readonly chance: number; readonly wallMs: number },
): NextTry {
  const elsewhere: NextTry =
    at.backend + 1 < backends
      ? { kind: 'try', at: { backend: at.backend + 1, attempt: 0 }, waitMs: 0 }
      : { kind: 'give_up' }
  if (failure.kind === 'breaker_open') return elsewhere
  if (!mayRetry(failure)) return { kind: 'give_up' }
  if (at.attempt + 1 >= MAX_ATTEMPTS) return elsewhere
  const askedMs = failure.kind === 'status' ? retryAfterMs(failure.retryAfter, now.wallMs) : null
  // It asks for a longer wait: the next backend may answer sooner.
  if (askedMs !== null && askedMs > LONGEST_RETRY_AFTER_MS) return elsewhere
  const backoffMs = now.chance * BACKOFF_BASE_MS * 2 ** at.attempt
  return { kind: 'try', at: { ...at, attempt: at.attempt + 1 }, waitMs: askedMs ?? backoffMs }
}
