// The time at which something happened. One that lies in the future is marked wherever it is shown: a clock is wrong, or text
// without a zone is read in another zone than it was written in (`G6_SOURCE_TIMEZONE`). What is expected, such as the next
// opening or an expiry, is shown as any time.
import { CLOCK_SKEW_MS, isAhead } from '../snapshot/time.js'
import { numberCell } from './cells.js'
import { timeOfDay } from './format.js'
import type { Cell } from './panel.js'

export function momentCell(atMs: number | null, timezone: string, nowMs: number): Cell {
  const text = timeOfDay(atMs, timezone)
  if (atMs === null || !isAhead(atMs, nowMs)) return numberCell(atMs, text)
  return numberCell(atMs, `${text} (in the future)`, 'warn')
}

/** When the first of these moments that lie in the future no longer does; Infinity = none does. */
export function nextPassedMs(moments: readonly (number | null)[], nowMs: number): number {
  let first = Number.POSITIVE_INFINITY
  for (const atMs of moments) {
    if (atMs !== null && isAhead(atMs, nowMs)) first = Math.min(first, atMs - CLOCK_SKEW_MS)
  }
  return first
}
