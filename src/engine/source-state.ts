// How the input stands, in one word. Decided by when the status last changed here: when it was read,
// or, of a followed stream, when it was published.
import type { Reading } from '../snapshot/reading.js'
import type { SourceState } from './cycle.js'

export type StaleLimits = {
  readonly warnSec: number
  readonly errorSec: number
}

/** When the status last changed, as far as is known here, and how long ago that was. */
export type LastChange = { readonly atMs: number; readonly ageSec: number }

/** `change`: null before the first good reading. */
export function sourceState(
  reading: Reading | null,
  change: LastChange | null,
  limits: StaleLimits,
): SourceState {
  const ageSec = change?.ageSec ?? null
  const changedAtMs = change?.atMs ?? null
  const tooOld = ageSec !== null && ageSec > limits.errorSec
  if (reading === null) return { state: 'starting', ageSec, changedAtMs, error: null, tooOld }
  if (!reading.ok) return { state: reading.error, ageSec, changedAtMs, error: reading.message, tooOld }
  const state = ageSec !== null && ageSec > limits.warnSec ? 'stale' : 'fresh'
  return { state, ageSec, changedAtMs, error: null, tooOld }
}
