// The members that documents have about followed streams. With several streams they summarise all, and `sources` has each.
// They are never written into a status.
import type { SeverityCounts, SeverityState } from '../protocol/status-events.js'
import type { FollowUp } from './followups.js'
import type { Heartbeat, StreamHealth } from './heartbeat.js'
import type { NeedFullReason, PanelState } from './store.js'

/** The state of the connection to a followed server. */
export type IngestConnection = 'connecting' | 'live' | 'lost' | 'closed'

/** One followed stream after a cycle; part of `LoopStats`. Immutable. */
export type IngestStats = {
  readonly source: string
  readonly connection: IngestConnection
  /** The last failure as a text for people; null when there is none. */
  readonly error: string | null
  readonly state: PanelState
  readonly heartbeat: Heartbeat
  /** The source shown in place of the stream; absent while the stream is shown. */
  readonly instead?: string
}

type StreamMeta = {
  readonly sse_events: {
    readonly panel_full: number
    readonly panel_diff_applied: number
    readonly panel_diff_dropped: number
  }
  readonly panel_generation: number | null
  readonly sse_heartbeat: {
    readonly last_evt: number | null
    readonly last_full: number | null
    readonly last_diff: number | null
    readonly stale_sec: number | null
    readonly health: StreamHealth
  }
  readonly need_full: boolean
  readonly need_full_reasons: readonly NeedFullReason[]
  /** Why the producer omits differences; absent while it sends them. */
  readonly degraded?: string
}

/** The members of `panel_push_meta` about followed streams. */
export type FollowedMeta = StreamMeta & {
  readonly sources?: readonly (StreamMeta & Pick<IngestStats, 'source' | 'connection'>)[]
}

type Severities = {
  readonly severity_counts: SeverityCounts | null
  readonly severity_state: Readonly<Record<string, SeverityState>>
  readonly followup_alerts: readonly FollowUp[]
}

export type AdaptiveStream = Severities & {
  readonly sources?: readonly (Severities & Pick<IngestStats, 'source'>)[]
}

function streamMeta({ state, heartbeat }: IngestStats): StreamMeta {
  return {
    sse_events: {
      panel_full: state.panelFull,
      panel_diff_applied: state.panelDiffApplied,
      panel_diff_dropped: state.panelDiffDropped,
    },
    panel_generation: state.generation,
    sse_heartbeat: {
      last_evt: heartbeat.last_event_epoch,
      last_full: heartbeat.last_panel_full_epoch,
      last_diff: heartbeat.last_panel_diff_epoch,
      stale_sec: heartbeat.stale_seconds,
      health: heartbeat.health,
    },
    need_full: state.needFull,
    need_full_reasons: state.needFullReasons,
    ...(state.degraded === null ? {} : { degraded: state.degraded }),
  }
}

/** A stream without an event so far (`init`) is worse than one that is `ok`. */
const WORST_FIRST: readonly StreamHealth[] = ['stale', 'warn', 'init', 'ok']

function worst(a: StreamMeta, b: StreamMeta): StreamMeta['sse_heartbeat'] {
  const rank = ({ sse_heartbeat: { health } }: StreamMeta): number => WORST_FIRST.indexOf(health)
  return rank(b) < rank(a) ? b.sse_heartbeat : a.sse_heartbeat
}

function together(a: StreamMeta, b: StreamMeta): StreamMeta {
  const degraded = a.degraded ?? b.degraded
  return {
    sse_events: {
      panel_full: a.sse_events.panel_full + b.sse_events.panel_full,
      panel_diff_applied: a.sse_events.panel_diff_applied + b.sse_events.panel_diff_applied,
      panel_diff_dropped: a.sse_events.panel_diff_dropped + b.sse_events.panel_diff_dropped,
    },
    // Generations of different producers are not comparable: show that of the primary.
    panel_generation: a.panel_generation,
    sse_heartbeat: worst(a, b),
    need_full: a.need_full || b.need_full,
    need_full_reasons: [...new Set([...a.need_full_reasons, ...b.need_full_reasons])],
    ...(degraded === undefined ? {} : { degraded }),
  }
}

/** Sums of the counts, the worst heartbeat, all reasons. Null: no stream is followed. */
export function followedMeta(streams: readonly IngestStats[]): FollowedMeta | null {
  const [primary, ...others] = streams.map(streamMeta)
  if (primary === undefined) return null
  if (others.length === 0) return primary
  const sources = streams.map(stats => ({
    source: stats.source,
    connection: stats.connection,
    ...streamMeta(stats),
  }))
  return { ...others.reduce(together, primary), sources }
}

function severities({ state }: IngestStats): Severities {
  return {
    severity_counts: state.severityCounts,
    severity_state: Object.fromEntries(state.severityState),
    followup_alerts: state.followUps,
  }
}

function addedUp(a: SeverityCounts | null, b: SeverityCounts | null): SeverityCounts | null {
  if (a === null || b === null) return a ?? b
  return { info: a.info + b.info, warn: a.warn + b.warn, critical: a.critical + b.critical }
}

/** Sums of the counts, all follow-ups, and the first stream's state of each alert type. Null: no stream is followed. */
export function adaptiveStream(streams: readonly IngestStats[]): AdaptiveStream | null {
  const [primary, ...others] = streams.map(severities)
  if (primary === undefined) return null
  if (others.length === 0) return primary
  const all = others.reduce(
    (a, b) => ({
      severity_counts: addedUp(a.severity_counts, b.severity_counts),
      severity_state: { ...b.severity_state, ...a.severity_state },
      followup_alerts: [...a.followup_alerts, ...b.followup_alerts],
    }),
    primary,
  )
  return { ...all, sources: streams.map(stats => ({ source: stats.source, ...severities(stats) })) }
}
