// How the input stands, in one word. Decided by when the status last changed here, not by what the document says.
import type { Reading } from '../snapshot/reading.js'
import type { SourceState } from './cycle.js'

export type StaleLimits = {
  readonly warnSec: number
  readonly errorSec: number
}

/** `changedAtMs`: when the last good reading came; null before the first one. */
export function sourceState(
  reading: Reading | null,
  changedAtMs: number | null,
  limits: StaleLimits,
  nowMs: number,
): SourceState {
  const ageSec = changedAtMs === null ? null : Math.max(0, (nowMs - changedAtMs) / 1000)
  const tooOld = ageSec !== null && ageSec > limits.errorSec
  if (reading === null) return { state: 'starting', ageSec, changedAtMs, error: null, tooOld }
  if (!reading.ok) return { state: reading.error, ageSec, changedAtMs, error: reading.message, tooOld }
  const state = ageSec !== null && ageSec > limits.warnSec ? 'stale' : 'fresh'
  return { state, ageSec, changedAtMs, error: null, tooOld }
}
