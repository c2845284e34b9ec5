// Ingest: reading other servers' streams.
import { BACKOFF_SEC, WORK_SEC } from '../buckets.js'
import { counter, gauge, histogram, SHORT_LIST } from '../declare.js'

export const ingestMetrics = {
  g6_sse_ingestor_events_total: counter('Events read from other servers, by type.', {
    labels: { type: SHORT_LIST },
  }),
  g6_sse_apply_full_total: counter('Full statuses of followed streams that were applied.'),
  g6_sse_apply_diff_total: counter('Differences of followed streams that were applied.'),
  g6_sse_ingestor_errors_total: counter('Errors while reading other servers, by kind.', {
    labels: { kind: SHORT_LIST },
  }),
  g6_sse_reconnects_total: counter('Reconnects to other servers, by reason.', {
    labels: { reason: SHORT_LIST },
  }),
  g6_sse_ingestor_apply_seconds: histogram('Applying one event to the state.', WORK_SEC),
  g6_sse_backoff_seconds: histogram('Waits before a reconnect.', BACKOFF_SEC),
  g6_sse_heartbeat_stale_seconds: gauge('Since the last event of the followed stream.', {
    absentAtFirst: true,
  }),
  g6_sse_heartbeat_health: gauge('The followed stream: 0 init, 1 ok, 2 warn, 3 stale.'),
} as const
