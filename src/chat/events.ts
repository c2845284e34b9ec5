// What a chat stream says: the events of a client's stream, what an upstream is understood to have said, and the fixed
// table of failures. No text of an upstream's or of an exception's error ever gets into any of them.

export type Source = {
  readonly title?: string
  readonly source?: string
  readonly snippet?: string
  readonly similarity?: number
  readonly tier?: string | number
  readonly url?: string
}

export type TokenCounts = { readonly inputTokens?: number; readonly outputTokens?: number }
export type JsonObject = Readonly<Record<string, unknown>>

/** One thing an upstream said, whatever its dialect. */
export type UpstreamEvent =
  | { readonly type: 'token'; readonly data: string }
  | { readonly type: 'metadata'; readonly data: JsonObject }
  | { readonly type: 'sources'; readonly data: readonly Source[] }
  | { readonly type: 'usage'; readonly data: TokenCounts }
  | { readonly type: 'done'; readonly reason: string }
  | { readonly type: 'error' }

type Failure = {
  readonly message: string
  readonly retryable: boolean
  /** The honest status when nothing was sent yet. */
  readonly status: 502 | 503 | 504
}

/** How a stream can fail; the code is the `error` event's, the metric's and the audit's. */
export const FAILURES = {
  upstream_unreachable: {
    message: 'The answering service could not be reached.',
    retryable: true,
    status: 502,
  },
  upstream_refused: {
    message: 'The answering service refused the question.',
    retryable: false,
    status: 502,
  },
  upstream_failed: { message: 'The answering service failed.', retryable: true, status: 502 },
  upstream_error: { message: 'The answering service reported an error.', retryable: true, status: 502 },
  upstream_cut: { message: 'The answer broke off.', retryable: true, status: 502 },
  first_token_timeout: {
    message: 'The answering service did not begin in time.',
    retryable: true,
    status: 504,
  },
  idle_timeout: { message: 'The answer stood still for too long.', retryable: true, status: 504 },
  too_large: { message: 'The answer is longer than this server keeps.', retryable: false, status: 502 },
  breaker_open: {
    message: 'The answering service is failing and is given a rest.',
    retryable: true,
    status: 503,
  },
  internal: { message: 'The answer failed on this server.', retryable: false, status: 502 },
} as const satisfies Readonly<Record<string, Failure>>

export type FailureCode = keyof typeof FAILURES

/** The contract has one more, `superseded`: a reserved word, which clients must be able to read; nothing ends so yet. */
export type AbortReason = 'client_stop' | 'shutdown' | 'expired' | 'idle'

/** How a stream ends: exactly once. */
export type Terminal =
  | { readonly type: 'done'; readonly reason: string }
  | { readonly type: 'error'; readonly code: FailureCode }
  | { readonly type: 'aborted'; readonly reason: AbortReason }

/** The one word that event, metric and audit record of an end agree in. */
export function terminalReason(terminal: Terminal): string {
  return terminal.type === 'error' ? terminal.code : terminal.reason
}

/** The figures of `done`; milliseconds, null where there was no token. */
export type AnswerMetrics = {
  readonly firstTokenLatency: number | null
  readonly tokensReceived: number
  readonly bytesReceived: number
  readonly duration: number
  readonly interTokenMean: number | null
}
