// Ready: a first board was built, the source is not too old, and the server is not on its way out.
import type { CycleResult, SourceState } from '../engine/cycle.js'

export type Readiness = { readonly ok: boolean; readonly reason: string }

export function readinessOf(latest: CycleResult | null, source: SourceState, draining: boolean): Readiness {
  if (draining) return { ok: false, reason: 'draining' }
  if (latest === null || latest.board.generation === 0) return { ok: false, reason: 'starting' }
  if (source.tooOld) return { ok: false, reason: `stale ${Math.round(source.ageSec ?? 0)}s` }
  return { ok: true, reason: 'ready' }
}
