// A followed stream as panels see it: without ages, and the same object while nothing else changed, so that its panels are not
// rebuilt.
import type { SeverityCounts, SeverityState } from '../protocol/status-events.js'
import type { IngestConnection, IngestStats } from './enrichment.js'
import type { FollowUp } from './followups.js'
import type { StreamHealth } from './heartbeat.js'
import type { NeedFullReason } from './store.js'

export type IngestView = {
  readonly source: string
  readonly connection: IngestConnection
  readonly error: string | null
  /** The source shown in place of the stream; null while the stream is shown. */
  readonly instead: string | null
  readonly health: StreamHealth
  readonly generation: number | null
  readonly fulls: number
  readonly diffsApplied: number
  readonly diffsDropped: number
  readonly needFull: boolean
  readonly needFullReasons: readonly NeedFullReason[]
  /** Why the producer omits differences; null while it sends them. */
  readonly degraded: string | null
  readonly severityCounts: SeverityCounts | null
  readonly severityState: ReadonlyMap<string, SeverityState>
  readonly followUps: readonly FollowUp[]
}

function viewOf({ source, connection, error, instead, state, heartbeat }: IngestStats): IngestView {
  return {
    source,
    connection,
    error,
    instead: instead ?? null,
    health: heartbeat.health,
    generation: state.generation,
    fulls: state.panelFull,
    diffsApplied: state.panelDiffApplied,
    diffsDropped: state.panelDiffDropped,
    needFull: state.needFull,
    needFullReasons: state.needFullReasons,
    degraded: state.degraded,
    severityCounts: state.severityCounts,
    severityState: state.severityState,
    followUps: state.followUps,
  }
}

function sameView(a: IngestView, b: IngestView): boolean {
  return (Object.keys(a) as (keyof IngestView)[]).every(key => a[key] === b[key])
}

/** The views of these streams; `previous` itself when nothing changed. */
export function ingestViews(
  stats: readonly IngestStats[],
  previous: readonly IngestView[],
): readonly IngestView[] {
  const views = stats.map(viewOf)
  const same =
    views.length === previous.length && views.every((view, i) => sameView(view, previous[i] ?? view))
  return same ? previous : views
}
