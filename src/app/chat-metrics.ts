// The chat relay's metrics.
import type { AnswerObserver } from '../chat/begin.js'
import type { ChatRoutesObserver } from '../chat/routes.js'
import type { Metrics } from '../metrics/metrics.js'

export function chatObserver(metrics: Metrics): AnswerObserver & ChatRoutesObserver {
  let tokens = 0
  metrics.onScrape(() => metrics.g6_chat_tokens_total.raiseTo(tokens))
  return {
    onTokens: (count, gapMs) => {
      tokens += count
      if (gapMs !== null) metrics.g6_chat_inter_token_seconds.observe(gapMs / 1000)
    },
    onRelayed: ms => metrics.g6_chat_relay_overhead_seconds.observe(ms / 1000),
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
