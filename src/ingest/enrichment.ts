// What is said about the followed stream in the documents that leave us, under the names they have always had. It is
// rendered here and nowhere else, and never written into anybody's status.
import type { SeverityCounts, SeverityState } from '../protocol/status-events.js'
import type { FollowUp } from './followups.js'
import type { Heartbeat, StreamHealth } from './heartbeat.js'
import type { NeedFullReason, PanelState } from './store.js'

/** How the connection to a followed server stands. */
export type IngestConnection = 'connecting' | 'live' | 'lost' | 'closed'

/** One followed stream after a cycle; part of `LoopStats`. Immutable. */
export type IngestStats = {
  readonly source: string
  readonly connection: IngestConnection
  /** What a person reads about the last failure; null while all is well. */
  readonly error: string | null
  readonly state: PanelState
  readonly heartbeat: Heartbeat
  /** What is shown in the stream's place; absent while the stream is shown. */
  readonly instead?: string
}

export type PanelPushMeta = {
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
  /** Why the producer leaves differences out; absent while it sends them. */
  readonly degraded?: string
}

export type AdaptiveStream = {
  readonly severity_counts: SeverityCounts | null
  readonly severity_state: Readonly<Record<string, SeverityState>>
  readonly followup_alerts: readonly FollowUp[]
}

export function panelPushMeta({ state, heartbeat }: IngestStats): PanelPushMeta {
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

export function adaptiveStream({ state }: IngestStats): AdaptiveStream {
  return {
    severity_counts: state.severityCounts,
    severity_state: Object.fromEntries(state.severityState),
    followup_alerts: state.followUps,
  }
}
