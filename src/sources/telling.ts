// Which readings of a file are news, and when.
//
// A writer that truncates the file and writes it a moment later leaves a window in which the file is broken. A window shorter
// than the grace (one refresh) is no news: the last good document stays as it is. The text of a fault that changes is news
// too, but not more often than once in that time.
import type { BadReading, Reading } from '../snapshot/reading.js'

export type Told = {
  /** The last reading that was news; null before the first. */
  readonly reading: Reading | null
  readonly atMs: number
  /** Since when every look has failed; null while the file is good. */
  readonly troubleSinceMs: number | null
}

export const NOTHING_TOLD: Told = { reading: null, atMs: Number.NEGATIVE_INFINITY, troubleSinceMs: null }

/** The state once `nowMs` has brought a reading, told or not. */
export function withLook(told: Told, reading: Reading, nowMs: number): Told {
  return { ...told, troubleSinceMs: reading.ok ? null : (told.troubleSinceMs ?? nowMs) }
}

/**
 * After how many ms a bad reading becomes news; 0: now. Null: never, it is known.
 * `isBeingWritten`: the file was written to within the grace.
 */
export function newsIn(
  { reading: known, atMs, troubleSinceMs }: Told,
  bad: BadReading,
  nowMs: number,
  graceMs: number,
  isBeingWritten: boolean,
): number | null {
  if (known !== null && !known.ok) {
    if (known.error === bad.error && known.message === bad.message) return null
    return Math.max(0, atMs + graceMs - nowMs)
  }
  if (known === null && !isBeingWritten) return 0
  return Math.max(0, (troubleSinceMs ?? nowMs) + graceMs - nowMs)
}
