// Which numbers moved most: for the tiles of the automatic board. Pure.
import { isNotWell } from '../../src/display/shape.js'
import type { Plottable } from '../plots/plottable.js'
import type { Values } from '../trend/line.js'

/** A number that is not well comes before one that moved this many times as much. */
const NOT_WELL_WEIGHT = 3
/** One that only counts up, such as an uptime or a total, says little by moving. */
const COUNTER_WEIGHT = 0.05

const LEAST_RISES = 5

/** How far a series moved, relative to its largest value; 0 for one that stood still. */
export function movement(values: Values): number {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let last: number | null = null
  let rises = 0
  let falls = 0
  for (const value of values) {
    if (value === null) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
    if (last !== null && value > last) rises++
    if (last !== null && value < last) falls++
    last = value
  }
  if (!(high > low)) return 0
  const size = (high - low) / Math.max(Math.abs(low), Math.abs(high))
  const knownCount = values.filter(value => value !== null).length
  // It grew at least every other minute, and never fell.
  const isCounter = falls === 0 && low > 0 && rises >= LEAST_RISES && rises * 120 >= knownCount
  return isCounter ? size * COUNTER_WEIGHT : size
}

/** The ids of those that moved most, at most `count`; none that stood still. */
export function moversOf(
  numbers: readonly Plottable[],
  valuesOf: (id: string) => Values,
  count: number,
): readonly string[] {
  return numbers
    .map(({ id, tone }) => ({ id, worth: movement(valuesOf(id)) * (isNotWell(tone) ? NOT_WELL_WEIGHT : 1) }))
    .filter(({ worth }) => worth > 0)
    .sort((a, b) => b.worth - a.worth)
    .slice(0, count)
    .map(({ id }) => id)
}

/** `rising`, `falling` or nothing: where the newest value is the highest or lowest one and was reached within the last minute. */
export function directionOf(values: Values): string {
  const known = values.flatMap((value, i) => (value === null ? [] : [{ value, i }]))
  const last = known.at(-1)
  const before = known.findLast(({ i }) => last !== undefined && last.i - i >= 60)
  if (last === undefined || before === undefined || last.value === before.value) return ''
  const all = known.map(({ value }) => value)
  if (last.value > before.value && last.value === Math.max(...all)) return 'rising'
  return last.value < before.value && last.value === Math.min(...all) ? 'falling' : ''
}
