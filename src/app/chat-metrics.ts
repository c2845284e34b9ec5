// The chat relay's metrics. Values of single tokens are only stored, and observed in bulk at a scrape: finding the buckets for a
// thousand values in a row is much faster than finding one between other work.
import type { AnswerObserver } from '../chat/begin.js'
import type { ChatRoutesObserver } from '../chat/routes.js'
import type { Metrics } from '../metrics/metrics.js'

/** Stored values; when there are as many they are observed early. */
const MAX_STORED = 4096

class StoredValues {
  readonly #values = new Float64Array(MAX_STORED)
  #count = 0

  constructor(readonly observe: (value: number) => void) {}

  add(value: number): void {
    this.#values[this.#count++] = value
    if (this.#count === MAX_STORED) this.count()
  }

  count(): void {
    for (const value of this.#values.subarray(0, this.#count)) this.observe(value)
    this.#count = 0
  }
}

export function chatObserver(metrics: Metrics): AnswerObserver & ChatRoutesObserver {
  let tokens = 0
  const gaps = new StoredValues(ms => metrics.g6_chat_inter_token_seconds.observe(ms / 1000))
  const overheads = new StoredValues(ms => metrics.g6_chat_relay_overhead_seconds.observe(ms / 1000))
  metrics.onScrape(() => {
    metrics.g6_chat_tokens_total.raiseTo(tokens)
    gaps.count()
    overheads.count()
  })
  return {
    onTokens: (count, gapMs) => {
      tokens += count
      if (gapMs !== null) gaps.add(gapMs)
    },
    onRelayed: ms => overheads.add(ms),
    onFirstToken: ms => metrics.g6_chat_first_token_seconds.observe(ms / 1000),
    onStreamEnd: (reason, durationMs) => {
      metrics.g6_chat_streams_total.inc({ reason })
      metrics.g6_chat_stream_duration_seconds.observe(durationMs / 1000)
    },
    onUpstreamError: kind => metrics.g6_chat_upstream_errors_total.inc({ kind }),
    onRetry: () => metrics.g6_chat_upstream_retries_total.inc(),
    onUnknownFrame: () => metrics.g6_chat_upstream_unknown_frames_total.inc(),
    onAnswer: status => metrics.g6_chat_requests_total.inc({ status: String(status) }),
    onResume: result => metrics.g6_chat_resumes_total.inc({ result }),
    onRateLimited: () => metrics.g6_chat_rate_limited_total.inc(),
  }
}
