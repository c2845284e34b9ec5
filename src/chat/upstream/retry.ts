// What to do after a try failed before the first visible word: the same backend again, the next one, or give up; and whether the
// failure counts against the backend. Pure.
import type { ChatFailureCode } from '../../protocol/chat-events.js'
import { retryAfterSec } from '../../protocol/retry-after.js'
import type { UpstreamRefusal } from './edge.js'

export type TryFailure =
  /** No byte of the question was sent. */
  | { readonly kind: 'unreachable'; readonly cause: string }
  /** The question was sent, and the connection broke before the head of an answer. It may have been billed. */
  | { readonly kind: 'unanswered'; readonly cause: string }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly retryAfter: string | null
      /** Null: not kept. */
      readonly refusal: UpstreamRefusal | null
    }
  /** Another form than the answer has: `html`, `json`… */
  | { readonly kind: 'not_a_stream'; readonly cause: string }
  /** It broke off, or ended in order without its last event. */
  | { readonly kind: 'cut'; readonly cause: string }
  /** It says that it failed. */
  | { readonly kind: 'in_band' }
  /** Not one byte in time. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'breaker_open' }

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

/** The question itself is wrong: no other backend would take it. */
const OF_THE_QUESTION: readonly number[] = [400, 413, 422]
/** These of the 4xx are a fault of the backend, or of its key; the others can be had by asking for something strange. */
const OF_THE_BACKEND: readonly number[] = [401, 402, 403, 408, 429]

export function failureCode(failure: TryFailure): ChatFailureCode {
  switch (failure.kind) {
    case 'breaker_open':
      return 'breaker_open'
    case 'unreachable':
    case 'unanswered':
      return 'upstream_unreachable'
    case 'cut':
      return 'upstream_cut'
    case 'in_band':
      return 'upstream_error'
    case 'silence':
      return 'first_token_timeout'
    case 'not_a_stream':
      return 'upstream_failed'
    case 'status': {
      const isRefusal = failure.status >= 400 && failure.status < 500 && failure.status !== 429
      return isRefusal ? 'upstream_refused' : 'upstream_failed'
    }
  }
}

/** What a log line has besides the code: an HTTP status, the code of a connection error, or a word for what came. */
export type FailureCause = string | number | null

export function failureCause(failure: TryFailure): FailureCause {
  if (failure.kind === 'status') return failure.status
  return 'cause' in failure ? failure.cause : failure.kind
}

/** `isOwnKey`: the key was that of the caller, whose refusal says nothing about the backend. */
export function countsAgainstBackend(failure: TryFailure, isOwnKey: boolean): boolean {
  if (failure.kind !== 'status') return failure.kind !== 'breaker_open'
  const { status } = failure
  return status < 400 || status >= 500 || (!isOwnKey && OF_THE_BACKEND.includes(status))
}

/** Asking the same backend again may help, and cannot be paid twice: it was not reached, or it refused. */
function mayRepeat(failure: TryFailure): boolean {
  if (failure.kind === 'status') return failure.status === 429 || failure.status >= 500
  return failure.kind === 'unreachable'
}

export type RetryRules = {
  /** G6_RELAY_REPEAT_UNANSWERED */
  readonly repeatUnanswered: boolean
}

function mayAskNext(failure: TryFailure, { repeatUnanswered }: RetryRules): boolean {
  if (failure.kind === 'status') return !OF_THE_QUESTION.includes(failure.status)
  return failure.kind !== 'unanswered' || repeatUnanswered
}

/** `chance` is in [0, 1): full jitter. */
export function nextTry(
  failure: TryFailure,
  at: Position,
  backends: number,
  now: { readonly chance: number; readonly wallMs: number },
  rules: RetryRules,
): NextTry {
  const elsewhere: NextTry =
    at.backend + 1 < backends && mayAskNext(failure, rules)
      ? { kind: 'try', at: { backend: at.backend + 1, attempt: 0 }, waitMs: 0 }
      : { kind: 'give_up' }
  if (!mayRepeat(failure) || at.attempt + 1 >= MAX_ATTEMPTS) return elsewhere
  const askedSec = failure.kind === 'status' ? retryAfterSec(failure.retryAfter, now.wallMs) : undefined
  const askedMs = Math.ceil((askedSec ?? 0) * 1000)
  // It asks for a longer wait: the next backend may answer sooner.
  if (askedMs > LONGEST_RETRY_AFTER_MS) return elsewhere
  const backoffMs = now.chance * BACKOFF_BASE_MS * 2 ** at.attempt
  const waitMs = Math.max(askedMs, backoffMs)
  return { kind: 'try', at: { ...at, attempt: at.attempt + 1 }, waitMs }
}
