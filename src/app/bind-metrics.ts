// Puts what the parts report into their metrics. The only place that knows both.

import type { Clock } from '../clock/clock.js'
import type { Config } from '../config/settings.js'
import type { Connections } from '../connection/connections.js'
import { numbersOf } from '../display/numbers.js'
import type { CycleResult } from '../engine/cycle.js'
import type { Loop, LoopObserver } from '../engine/loop.js'
import type { LoopLag } from '../guards/loop-lag.js'
import type { HttpObserver } from '../http/server.js'
import type { Hub } from '../hub/hub.js'
import type { HubObserver } from '../hub/hub-types.js'
import type { StatusHub } from '../hub/status-hub.js'
import { STREAM_HEALTH } from '../ingest/heartbeat.js'
import type { Log } from '../log/log.js'
import { MAX_FACTS } from '../metrics/families/summary.js'
import { createMetrics, type Metrics, silentMetrics } from '../metrics/metrics.js'
import type { SummaryEventName } from '../protocol/events.js'
import { CONNECTION_KINDS } from '../protocol/readers.js'
import type { IngestObserver } from '../sources/sse.js'
import { panelLabel } from './panel-label.js'
import { VERSION } from './version.js'

export function hubObserver(metrics: Metrics): HubObserver {
  const label = panelLabel(metrics)
  return {
    onEvent: (name: SummaryEventName, sizeBytes) => {
      metrics.g6_sse_events_total.inc({ type: name })
      metrics.g6_sse_event_size_bytes.observe({ type: name }, sizeBytes)
    },
    onPanelSent: (panel, seconds) =>
      metrics.g6_sse_panel_update_latency_sec.observe({ panel: label(panel) }, seconds),
    onPanelUpdate: panel => metrics.g6_sse_panel_updates_total.inc({ panel: label(panel) }),
    onStructured: panels => metrics.g6_sse_structured_updates_total.inc(panels),
    onPanelCut: () => metrics.g6_sse_http_security_events_dropped_total.inc(),
    onEncode: seconds => metrics.g6_summary_sse_subset_build_seconds.observe(seconds),
    onJoin: () => metrics.g6_sse_http_connections_total.inc(),
    onResume: result => metrics.g6_sse_resumed_total.inc({ result }),
    onLeave: (reason, seconds) => {
      metrics.g6_sse_http_disconnects_total.inc({ reason })
      metrics.g6_sse_connection_duration_sec.observe(seconds)
      if (reason === 'stalled') metrics.g6_sse_client_stalled_total.inc()
    },
  }
}

/** What hubs and connections only count: read at each scrape. */
export function readHub(
  metrics: Metrics,
  connections: Pick<Connections, 'count' | 'streams'>,
  hub: Pick<Hub, 'stats'>,
  /** Its readers count as streams too. */
  statusHub: Pick<StatusHub, 'stats'> | null,
): () => void {
  return metrics.onScrape(() => {
    const stats = hub.stats()
    const status = statusHub?.stats()
    for (const kind of CONNECTION_KINDS) metrics.g6_connections.set({ kind }, connections.count(kind))
    metrics.g6_sse_http_active_connections.set(connections.streams)
    metrics.g6_sse_http_events_sent_total.raiseTo(stats.eventsSent + (status?.events_sent ?? 0))
    metrics.g6_sse_http_events_dropped_total.raiseTo(stats.eventsMerged + (status?.events_merged ?? 0))
    metrics.g6_sse_bytes_total.raiseTo(stats.bytesSent + (status?.bytes_sent ?? 0))
  })
}

export function loopObserver(metrics: Metrics): LoopObserver {
  const label = panelLabel(metrics)
  return {
    onCycle: (result, seconds) => {
      metrics.g6_unified_cycle_total.inc()
      metrics.g6_unified_cycle_duration_seconds.observe(seconds)
      setGauges(metrics, result)
      for (const panel of result.board.changed)
        metrics.g6_summary_panel_updates_total.inc({ panel: label(panel) })
    },
    onDerived: seconds => metrics.g6_summary_snapshot_build_seconds.observe(seconds),
    onOutput: (plugin, seconds) => metrics.g6_unified_plugin_process_seconds.observe({ plugin }, seconds),
    onOutputFailed: plugin => metrics.g6_unified_plugin_exceptions_total.inc({ plugin }),
    onReading: reading => {
      if (!reading.ok) metrics.g6_unified_errors_total.inc({ kind: reading.error })
    },
    onFault: () => metrics.g6_unified_errors_total.inc({ kind: 'cycle' }),
  }
}

function setGauges(metrics: Metrics, { board, stats }: CycleResult): void {
  metrics.g6_unified_last_cycle_timestamp.set(board.builtAtMs / 1000)
  metrics.g6_summary_diff_hit_ratio.set(stats.hitRatio)
  metrics.g6_summary_panel_updates_last.set(stats.lastCycleUpdates)
  metrics.g6_summary_panel_churn_ratio.set(stats.churnRatio)
  metrics.g6_summary_panel_high_churn_streak.set(stats.highChurnStreak)
  metrics.g6_summary_panel_churn_anomalies_total.raiseTo(stats.churnAnomalies)
}

export function ingestObserver(metrics: Metrics): IngestObserver {
  return {
    onEvent: type => metrics.g6_sse_ingestor_events_total.inc({ type }),
    onError: kind => metrics.g6_sse_ingestor_errors_total.inc({ kind }),
    onReconnect: reason => metrics.g6_sse_reconnects_total.inc({ reason }),
    onApplied: seconds => metrics.g6_sse_ingestor_apply_seconds.observe(seconds),
    onBackoff: seconds => metrics.g6_sse_backoff_seconds.observe(seconds),
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0)

/** What followed streams applied, and the age of the primary one. The age grows by itself, so each scrape reads it. */
export function readIngest(metrics: Metrics, loop: Pick<Loop, 'latest'>, clock: Clock): () => void {
  return metrics.onScrape(() => {
    const streams = loop.latest?.stats.ingest ?? []
    metrics.g6_sse_apply_full_total.raiseTo(sumOf(streams.map(({ state }) => state.panelFull)))
    metrics.g6_sse_apply_diff_total.raiseTo(sumOf(streams.map(({ state }) => state.panelDiffApplied)))
    const primary = streams[0]
    if (primary === undefined) return
    const { lastEventMs } = primary.state
    const staleSec = lastEventMs === null ? null : Math.max(0, (clock.nowMs() - lastEventMs) / 1000)
    metrics.g6_sse_heartbeat_stale_seconds.set(staleSec)
    metrics.g6_sse_heartbeat_health.set(STREAM_HEALTH.indexOf(primary.heartbeat.health))
  })
}

export function httpObserver(metrics: Metrics): HttpObserver {
  return {
    onRejected: reason => metrics.g6_sse_http_rejected_connections_total.inc({ reason }),
    onResync: () => metrics.g6_sse_resync_requests_total.inc(),
  }
}

/** The state of the input changes by itself (it ages), so each scrape reads it. */
export function readSource(metrics: Metrics, loop: Pick<Loop, 'sourceNow' | 'verdictNow'>): () => void {
  return metrics.onScrape(() => {
    const { state, ageSec } = loop.sourceNow()
    metrics.g6_status_state.only({ state })
    metrics.g6_status_age_seconds.set(ageSec)
    metrics.g6_verdict.only({ word: loop.verdictNow().word })
  })
}

/** The numbers of the board, in its order. What the source does not say now is not exported: a scrape has the time of the scrape. */
export function readFacts(
  metrics: Metrics,
  loop: Pick<Loop, 'latest' | 'sourceNow'>,
  isWanted: () => boolean,
): () => void {
  return metrics.onScrape(() => {
    const { state } = loop.sourceNow()
    const board = state === 'fresh' || state === 'closed' ? loop.latest?.board : undefined
    const panels = isWanted() ? [...(board?.panels.values() ?? [])] : []
    const numbers = panels.flatMap(({ key, facts }) => numbersOf(key, facts))
    metrics.g6_fact.replace(numbers.slice(0, MAX_FACTS).map(([id, value]) => [{ id }, value] as const))
    metrics.g6_facts_left_out.set(isWanted() ? Math.max(0, numbers.length - MAX_FACTS) : null)
  })
}

export function readLag(metrics: Metrics, lag: Pick<LoopLag, 'takeStatistics'>): () => void {
  return metrics.onScrape(() => {
    const statistics = lag.takeStatistics()
    metrics.nodejs_eventloop_lag_seconds.set(statistics?.lastSec ?? null)
    metrics.nodejs_eventloop_lag_min_seconds.set(statistics?.minSec ?? null)
    metrics.nodejs_eventloop_lag_max_seconds.set(statistics?.maxSec ?? null)
    metrics.nodejs_eventloop_lag_mean_seconds.set(statistics?.meanSec ?? null)
    metrics.nodejs_eventloop_lag_stddev_seconds.set(statistics?.stddevSec ?? null)
    metrics.nodejs_eventloop_lag_p50_seconds.set(statistics?.p50Sec ?? null)
    metrics.nodejs_eventloop_lag_p90_seconds.set(statistics?.p90Sec ?? null)
    metrics.nodejs_eventloop_lag_p99_seconds.set(statistics?.p99Sec ?? null)
  })
}

export function metricsOf({ unifiedMetrics, sseMetricsExtended }: Config, log: Log): Metrics {
  if (!unifiedMetrics) return silentMetrics()
  return createMetrics({
    extended: sseMetricsExtended,
    processDefaults: true,
    version: VERSION,
    node: process.version,
    onUnreadable: (metric, error) =>
      log.warn({ metric, err: error }, 'a metric cannot be read and is left out of the scrape'),
  })
}
