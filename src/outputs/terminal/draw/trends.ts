// The trend next to a number: the last 15 minutes of its fact, quiet, with its last sign in ink or in the tone of the value. After the
// end of the data there are dots.
import { rangeOf } from '../../../display/range.js'
import { WINDOW_SEC } from '../../../display/series.js'
import { blank, type Line, narrowRun, type Role, type Run } from './run.js'

export type Trends = {
  /** Whether there is enough to draw of the fact with this id. */
  has(id: string): boolean
  /** Exactly `width` columns; `unit` decides the least range. */
  line(id: string, unit: string, width: number, end: Role): Line
  /** The last `spanSec` seconds in `count` equal parts; null where nothing is known. */
  points(id: string, spanSec: number, count: number): readonly (number | null)[]
  /** Since when it is known, seconds. */
  knownSec(id: string): number
  /** What was drawn at this moment stays right until it changes, epoch ms. */
  readonly atMs: number
}

export const NO_TRENDS: Trends = {
  has: () => false,
  line: (_id, _unit, width) => [blank(width)],
  points: (_id, _spanSec, count) => Array.from({ length: count }, () => null),
  knownSec: () => 0,
  atMs: 0,
}

/** Points that are looked at, and the least difference between them, of the highest: means are not exact. */
const MOVING_POINTS = 30
const LEAST_MOVE = 1e-6

/** Whether a number moved. A line that does not says no more than its number. */
export function moves(id: string, trends: Trends): boolean {
  const values = trends.points(id, WINDOW_SEC, MOVING_POINTS).filter(point => point !== null)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return high - low > Math.abs(high) * LEAST_MOVE
}

const LEVELS = '▁▂▃▄▅▆▇█'
const ENDED = '·'
/** Means of equal values differ by less than this part of a level, which must not be seen. */
const LEVEL_ERROR = 1e-6
/** A line from zero stays below the row above it. */
const ZERO_BASED_REACH = 2 / 3

export function trendRuns(points: readonly (number | null)[], unit: string, end: Role): readonly Run[] {
  const range = rangeOf(points, unit)
  if (range === null) return [blank(points.length)]
  const { low, high, isZeroBased } = range
  const reach = (LEVELS.length - 1) * (isZeroBased ? ZERO_BASED_REACH : 1)
  const last = points.findLastIndex(point => point !== null)
  const sign = (point: number | null): string => {
    if (point === null) return ' '
    const share = high === low ? 0 : (point - low) / (high - low)
    return LEVELS.charAt(Math.round(Math.min(1, Math.max(0, share)) * reach + LEVEL_ERROR))
  }
  const before = points.slice(0, last).map(sign).join('')
  const after = points.length - 1 - last
  return [
    ...(before === '' ? [] : [narrowRun(before, 'trend')]),
    narrowRun(sign(points[last] ?? null), end),
    ...(after === 0 ? [] : [narrowRun(ENDED.repeat(after), 'rule')]),
  ]
}
