// Cells for times at which something happened. A time in the future is marked: a clock is wrong, or text without a zone was read
// in the wrong zone (`G6_SOURCE_TIMEZONE`). Planned times, such as the next opening or an expiry, are not marked.
import { CLOCK_SKEW_MS, isAhead } from '../snapshot/time.js'
import { numberCell } from './cells.js'
import { timeOfDay } from './format.js'
import type { Cell } from './panel.js'

/** Of the values of such cells. */
export const MOMENT = { unit: 'time' } as const

export function momentCell(atMs: number | null, timezone: string, nowMs: number): Cell {
  const text = timeOfDay(atMs, timezone)
  if (atMs === null || !isAhead(atMs, nowMs)) return numberCell(atMs, text)
  return numberCell(atMs, `${text} (in the future)`, 'warn')
}

/** When the first of these times stops being in the future; Infinity when none is. */
export function nextPassedMs(moments: readonly (number | null)[], nowMs: number): number {
  let first = Number.POSITIVE_INFINITY
  for (const atMs of moments) {
    if (atMs !== null && isAhead(atMs, nowMs)) first = Math.min(first, atMs - CLOCK_SKEW_MS)
  }
  return first
}
