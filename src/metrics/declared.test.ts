import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Declaration } from './declare.js'
import { DECLARED, metricNames, PROCESS_DEFAULTS } from './declared.js'
import { createMetrics } from './metrics.js'
import { metricsPage } from './page.js'

// The documents' list: name, type, label names; an alias follows an equals sign.
const DOCUMENTED = `
g6_connections gauge kind
g6_sse_http_active_connections gauge
g6_sse_clients_gauge = g6_sse_http_active_connections
g6_sse_http_connections_total counter
g6_sse_http_disconnects_total counter reason
g6_sse_http_rejected_connections_total counter reason
g6_sse_http_auth_fail_total = g6_sse_http_rejected_connections_total
g6_sse_http_forbidden_ip_total = g6_sse_http_rejected_connections_total
g6_sse_http_forbidden_ua_total = g6_sse_http_rejected_connections_total
g6_sse_http_rate_limited_total = g6_sse_http_rejected_connections_total
g6_sse_http_events_sent_total counter
g6_sse_http_events_dropped_total counter
g6_sse_http_security_events_dropped_total counter
g6_sse_events_total counter type
g6_sse_full_snapshots_total = g6_sse_events_total
g6_sse_heartbeats_total = g6_sse_events_total
g6_sse_errors_total = g6_sse_events_total
g6_sse_bytes_total counter
g6_sse_panel_updates_total counter panel
g6_sse_structured_updates_total counter
g6_sse_resync_requests_total counter
g6_sse_client_stalled_total counter
g6_sse_resumed_total counter result
g6_sse_event_size_bytes histogram type
g6_sse_http_event_size_bytes = g6_sse_event_size_bytes
g6_sse_panel_update_latency_sec histogram panel
g6_sse_http_event_queue_latency_seconds = g6_sse_panel_update_latency_sec
g6_sse_pub_emit_latency_seconds = g6_sse_panel_update_latency_sec
g6_sse_flush_seconds = g6_sse_panel_update_latency_sec
g6_sse_connection_duration_sec histogram
g6_sse_http_connection_duration_seconds = g6_sse_connection_duration_sec
g6_summary_panel_render_seconds histogram panel
g6_summary_panel_updates_total counter panel
g6_summary_diff_hit_ratio gauge
g6_summary_panel_updates_last gauge
g6_summary_panel_churn_ratio gauge
g6_summary_panel_high_churn_streak gauge
g6_summary_panel_churn_anomalies_total counter
g6_summary_panel_render_anomalies_total counter
g6_summary_rich_diff_fallbacks_total counter
g6_summary_snapshot_build_seconds histogram
g6_unified_snapshot_build_seconds = g6_summary_snapshot_build_seconds
g6_summary_sse_subset_build_seconds histogram
g6_sse_pub_diff_build_seconds = g6_summary_sse_subset_build_seconds
g6_sse_serialize_seconds = g6_summary_sse_subset_build_seconds
g6_summary_panel_file_updates_last gauge
g6_summary_panel_file_updates_total counter panel
g6_fact gauge id
g6_facts_left_out gauge
g6_notifications_total counter rule,result
g6_notify_outbox_messages gauge
g6_notify_outbox_oldest_seconds gauge
g6_notify_state_writable gauge
g6_relay_tokens_total counter key,direction
g6_unified_cycle_total counter
g6_unified_errors_total counter kind
g6_unified_plugin_exceptions_total counter plugin
g6_unified_cycle_duration_seconds histogram
g6_unified_plugin_process_seconds histogram plugin
g6_unified_render_seconds histogram
g6_unified_panels_write_seconds histogram
g6_unified_last_cycle_timestamp gauge
g6_status_age_seconds gauge
g6_status_state gauge state
g6_verdict gauge word
nodejs_eventloop_lag_seconds gauge
nodejs_eventloop_lag_min_seconds gauge
nodejs_eventloop_lag_max_seconds gauge
nodejs_eventloop_lag_mean_seconds gauge
nodejs_eventloop_lag_stddev_seconds gauge
nodejs_eventloop_lag_p50_seconds gauge
nodejs_eventloop_lag_p90_seconds gauge
nodejs_eventloop_lag_p99_seconds gauge
g6_sse_ingestor_events_total counter type
g6_sse_apply_full_total counter
g6_sse_apply_diff_total counter
g6_sse_ingestor_errors_total counter kind
g6_sse_reconnects_total counter reason
g6_sse_ingestor_apply_seconds histogram
g6_sse_backoff_seconds histogram
g6_sse_heartbeat_stale_seconds gauge
g6_sse_heartbeat_health gauge
g6_chat_streams_active gauge
g6_chat_readers_active gauge
g6_chat_requests_total counter status
g6_chat_streams_total counter reason
g6_chat_tokens_total counter
g6_chat_upstream_errors_total counter kind
g6_chat_upstream_retries_total counter
g6_chat_upstream_unknown_frames_total counter
g6_chat_resumes_total counter result
g6_chat_rate_limited_total counter
g6_audit_records_total counter operation
g6_audit_failures_total counter
g6_chat_first_token_seconds histogram
g6_chat_inter_token_seconds histogram
g6_chat_relay_overhead_seconds histogram
g6_chat_stream_duration_seconds histogram
g6_build_info gauge version,node
g6_fleet_engine_up gauge
g6_fleet_engine_seconds histogram
g6_fleet_nodes gauge
g6_fleet_seat gauge seat
g6_fleet_term_changes_total counter
g6_fleet_fenced_total counter
g6_fleet_notice_lag_seconds histogram
g6_fleet_pulls_total counter why
g6_fleet_link_resets_total counter why
g6_fleet_unshared_total counter why
g6_chat_shared_put_seconds histogram
g6_chat_shared_lag_events gauge
g6_chat_buried_total counter
g6_chat_limits_local_total counter
g6_history_series gauge
g6_history_db_bytes gauge
g6_history_db_limit_bytes gauge
g6_history_lag_seconds gauge
g6_history_errors_total counter what
g6_history_lost_total counter
`

function declaredLines(): readonly string[] {
  return Object.entries<Declaration>(DECLARED).flatMap(([name, { type, labels, aliases }]) => [
    [name, type, Object.keys(labels).join(',')].join(' ').trim(),
    ...aliases.map(alias => `${alias.name} = ${name}`),
  ])
}

describe('the declarations', () => {
  test('are exactly the documented names with their types and labels', () => {
    expect([...declaredLines()].sort()).toEqual(DOCUMENTED.trim().split('\n').sort())
  })

  test('are all shown by a scrape, once', async () => {
    const metrics = createMetrics({ extended: true, processDefaults: true, version: '0', node: 'v20' })
    const { body } = await metrics.text()
    const families = [...body.matchAll(/^# TYPE (\S+)/gm)].map(match => match[1])
    expect(families).toEqual(metrics.names())
    expect([...families].sort()).toEqual([...metricNames()].sort())
    expect(new Set(families).size).toBe(families.length)
    // Metrics of prom-client that visit every connection.
    expect(families.filter(name => name?.startsWith('nodejs_active_'))).toEqual([])
    expect(families).toContain('process_resident_memory_bytes')
  })

  test('leave the histograms of the process out too when extended is off', () => {
    const metrics = createMetrics({ extended: false, processDefaults: true, version: '0', node: 'v20' })
    expect(PROCESS_DEFAULTS).toContain('nodejs_gc_duration_seconds')
    expect(metrics.names()).not.toContain('nodejs_gc_duration_seconds')
    expect(metrics.names()).toContain('process_open_fds')
  })

  test('have buckets that rise, and only histograms have any', () => {
    for (const [name, { type, buckets }] of Object.entries<Declaration>(DECLARED)) {
      expect(buckets.length > 0, name).toBe(type === 'histogram')
      expect([...buckets], name).toEqual([...buckets].sort((a, b) => a - b))
    }
    expect(DECLARED.g6_summary_panel_render_seconds.buckets).toContain(0.08)
  })
})

describe('the reference page', () => {
  const rows = metricsPage()
    .split('\n')
    .filter(line => line.startsWith('| `'))

  test('has a row for each metric, with its aliases', () => {
    expect(rows).toHaveLength(Object.keys(DECLARED).length)
    for (const name of metricNames()) expect(metricsPage()).toContain(`\`${name}\``)
  })

  test('shows type, allowed label values and help', () => {
    expect(rows).toContain(
      '| `g6_sse_resumed_total` | counter | `result`: `resumed`, `epoch`, `ahead`, `subset`, `malformed` | Readers that came back with a Last-Event-ID, by result. |',
    )
    expect(rows.find(row => row.includes('g6_sse_panel_updates_total'))).toContain('up to 100, then `other`')
  })

  test('has four cells in every row', () => {
    for (const row of rows) expect(row.split(' | '), row).toHaveLength(4)
  })
})

test('the accepted findings name only names of the documents', () => {
  const accepted = readFileSync(
    new URL('../../deploy/prometheus/promtool-accepted.txt', import.meta.url),
    'utf8',
  )
  const names = accepted
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(' ')[0])
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) expect(metricNames()).toContain(name)
})
