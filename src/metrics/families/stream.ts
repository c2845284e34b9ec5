// The streams: connections, events and bytes.
import { CONNECTION_SEC, EVENT_SIZE_BYTES, FANOUT_SEC } from '../buckets.js'
import { counter, gauge, histogram, PANEL_KEYS } from '../declare.js'

const EVENTS = [
  'hello',
  'full_snapshot',
  'panel_update',
  'panel_update_structured',
  'heartbeat',
  'verdict',
  'history',
  'resync_required',
  'error',
  'bye',
] as const

export const connectionMetrics = {
  g6_sse_http_active_connections: gauge(
    'Board and status streams that are open now, as the limit counts them.',
    {
      aliases: [{ name: 'g6_sse_clients_gauge' }],
    },
  ),
  g6_connections: gauge('Connections that are open now, by what they carry.', {
    labels: { kind: ['board', 'status', 'chat'] },
  }),
  g6_sse_http_connections_total: counter('Streams accepted.'),
  g6_sse_http_disconnects_total: counter('Streams ended, by who or what ended them.', {
    labels: { reason: ['client', 'shutdown', 'stalled', 'shed', 'auth_expired', 'max_age', 'error'] },
  }),
  g6_sse_http_rejected_connections_total: counter(
    'Requests refused and connections closed, by the guard that did it.',
    {
      labels: {
        reason: ['auth', 'ip', 'ua', 'rate', 'cap', 'host', 'origin', 'shed', 'draining', 'connection'],
      },
      aliases: [
        { name: 'g6_sse_http_auth_fail_total', only: { reason: 'auth' } },
        { name: 'g6_sse_http_forbidden_ip_total', only: { reason: 'ip' } },
        { name: 'g6_sse_http_forbidden_ua_total', only: { reason: 'ua' } },
        { name: 'g6_sse_http_rate_limited_total', only: { reason: 'rate' } },
      ],
    },
  ),
  g6_sse_client_stalled_total: counter('Streams closed because their client took no byte for too long.'),
  g6_sse_connection_duration_sec: histogram(
    'How long a stream was open, observed when it ends.',
    CONNECTION_SEC,
    {
      aliases: [{ name: 'g6_sse_http_connection_duration_seconds' }],
    },
  ),
} as const

export const eventMetrics = {
  g6_sse_http_events_sent_total: counter('Events written to connections, once for each reader.'),
  g6_sse_http_events_dropped_total: counter(
    'Events merged into a later one for a reader that was behind; once for each reader.',
  ),
  g6_sse_http_security_events_dropped_total: counter('Panels cut at the event size limit.'),
  g6_sse_events_total: counter(
    'Events published, once each whatever the number of readers; an update once for each form (panels, mode, view) in use.',
    {
      labels: { type: EVENTS },
      aliases: [
        { name: 'g6_sse_full_snapshots_total', only: { type: 'full_snapshot' } },
        { name: 'g6_sse_heartbeats_total', only: { type: 'heartbeat' } },
        { name: 'g6_sse_errors_total', only: { type: 'error' } },
      ],
    },
  ),
  g6_sse_bytes_total: counter('Bytes handed to connections.'),
  g6_sse_panel_updates_total: counter('Panels in published updates.', { labels: { panel: PANEL_KEYS } }),
  g6_sse_structured_updates_total: counter('Panels published as structured diffs.'),
  g6_sse_resync_requests_total: counter('Requests for /summary/resync.'),
  g6_sse_resumed_total: counter('Readers that came back with a Last-Event-ID, by result.', {
    labels: { result: ['resumed', 'epoch', 'ahead', 'subset', 'malformed'] },
  }),
  g6_sse_event_size_bytes: histogram('Size of a published event before compression.', EVENT_SIZE_BYTES, {
    labels: { type: EVENTS },
    aliases: [{ name: 'g6_sse_http_event_size_bytes' }],
  }),
  g6_sse_panel_update_latency_sec: histogram(
    'From the hash of a changed panel to the write to the last reader in step.',
    FANOUT_SEC,
    {
      labels: { panel: PANEL_KEYS },
      aliases: [
        { name: 'g6_sse_http_event_queue_latency_seconds' },
        { name: 'g6_sse_pub_emit_latency_seconds' },
        { name: 'g6_sse_flush_seconds' },
      ],
    },
  ),
} as const
