// Chat: relaying model answers, and the audit trail.
import { ANSWER_SEC, FANOUT_SEC, FIRST_TOKEN_SEC, INTER_TOKEN_SEC } from '../buckets.js'
import { counter, gauge, histogram, SHORT_LIST } from '../declare.js'

export const chatMetrics = {
  g6_chat_streams_active: gauge('Generations that are running.'),
  g6_chat_readers_active: gauge('Readers that are following a generation.'),
  g6_chat_requests_total: counter('Chat requests answered, by HTTP status.', {
    labels: { status: SHORT_LIST },
  }),
  g6_chat_streams_total: counter('Streams ended, by terminal reason.', { labels: { reason: SHORT_LIST } }),
  g6_chat_tokens_total: counter('Tokens relayed.'),
  g6_chat_upstream_errors_total: counter('Upstream failures, by kind.', { labels: { kind: SHORT_LIST } }),
  g6_chat_upstream_retries_total: counter('Upstream attempts after the first.'),
  g6_chat_upstream_unknown_frames_total: counter('Upstream frames that no dialect knows.'),
  g6_chat_resumes_total: counter('Resume requests, by result.', { labels: { result: SHORT_LIST } }),
  g6_chat_rate_limited_total: counter('Chat requests refused by the rate limit.'),
  g6_relay_tokens_total: counter('Tokens of the relay’s keys, by key and direction.', {
    labels: { key: { atMost: 100 }, direction: ['in', 'out'] },
  }),
  g6_audit_records_total: counter('Audit records committed, by operation.', {
    labels: { operation: SHORT_LIST },
  }),
  g6_audit_failures_total: counter('Audit batches that could not be committed.'),
  g6_chat_first_token_seconds: histogram('From the request to the first token.', FIRST_TOKEN_SEC),
  g6_chat_inter_token_seconds: histogram('Between two tokens of a stream.', INTER_TOKEN_SEC),
  g6_chat_relay_overhead_seconds: histogram('From a token read to the token written.', FANOUT_SEC),
  g6_chat_stream_duration_seconds: histogram('A whole stream, first to terminal event.', ANSWER_SEC),
} as const
