// Ready: this server can serve. It has a board and is not about to stop. An old source says nothing about this server, and
// counts only where `G6_READY_REQUIRES_FRESH` asks for it.
import type { CycleResult, SourceState } from '../engine/cycle.js'

export type Readiness = { readonly ok: boolean; readonly reason: string }

export type ReadinessFacts = {
  readonly latest: CycleResult | null
  readonly source: SourceState
  readonly draining: boolean
  readonly requiresFresh: boolean
}

export function readinessOf({ latest, source, draining, requiresFresh }: ReadinessFacts): Readiness {
  if (draining) return { ok: false, reason: 'draining' }
  if (latest === null || latest.board.generation === 0) return { ok: false, reason: 'starting' }
  if (requiresFresh && source.tooOld) return { ok: false, reason: `stale ${Math.round(source.ageSec ?? 0)}s` }
  return { ok: true, reason: 'ready' }
}
