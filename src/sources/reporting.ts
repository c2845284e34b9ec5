// Which readings of a file are reported, and when.
//
// A writer that truncates the file and writes it a moment later leaves it broken in between. A file that is broken for less
// than the grace period (one refresh) is not reported: the last good document stays. A new text of a known fault is reported
// too, but at most once per grace period.
import type { BadReading, Reading } from '../snapshot/reading.js'

export type Reported = {
  /** The last reading that was reported; null before the first. */
  readonly reading: Reading | null
  readonly atMs: number
  /** Since when every read has failed; null while the file is good. */
  readonly failingSinceMs: number | null
}

export const NOTHING_REPORTED: Reported = {
  reading: null,
  atMs: Number.NEGATIVE_INFINITY,
  failingSinceMs: null,
}

/** The state after a reading at `nowMs`, reported or not. */
export function afterReading(reported: Reported, reading: Reading, nowMs: number): Reported {
  return { ...reported, failingSinceMs: reading.ok ? null : (reported.failingSinceMs ?? nowMs) }
}

/**
 * In how many ms to report a bad reading; 0: now, null: never, it is known.
 * `isBeingWritten`: the file was written to within the grace period.
 */
export function reportDelayMs(
  { reading: known, atMs, failingSinceMs }: Reported,
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
  return Math.max(0, (failingSinceMs ?? nowMs) + graceMs - nowMs)
}
