// The range and the labels of an axis, and values as text. Pure.
import type { Line } from '../history/history.js'
import type { PlotLook } from './groups.js'

export type Range = readonly [low: number, high: number]

/** Space above and below the line, relative to the range. */
const PAD = 0.1
/** The least height of a range relative to the largest number, so that a flat line is drawn flat. */
const LEAST_HEIGHT = 0.0004
/** The least height in units of the last shown digit: labels need no more digits than values. */
const LEAST_UNITS = 120

/**
 * The range of the axis: all values with some space; from 0 with `fromZero`; not beyond `limit` unless the values are. 0 to 1
 * without values.
 */
export function rangeOf(
  low: number | null,
  high: number | null,
  { fromZero, limit, digits }: Pick<PlotLook, 'fromZero' | 'limit' | 'digits'>,
): Range {
  if (low === null || high === null) return [0, fromZero ? (limit ?? 1) : 1]
  const least = Math.max(
    Math.abs(low) * LEAST_HEIGHT,
    Math.abs(high) * LEAST_HEIGHT,
    LEAST_UNITS / 10 ** digits,
  )
  const from = fromZero ? Math.min(0, low) : low
  const room = Math.max(high - from, least) * PAD
  const top = high + room
  return [fromZero ? from : from - room, limit !== undefined && high <= limit ? Math.min(top, limit) : top]
}

/** Spans of the time axis, seconds: a page just opened need not show an empty quarter of an hour. */
const SPANS_SEC = [60, 180, 360, 900] as const

/** The least span that holds all known values of these lines, one value a second. */
export function spanOf(lines: readonly Line[]): number {
  const ages = lines.map(({ values }) => {
    const first = values.findIndex(value => value !== null)
    return first < 0 ? 0 : values.length - first
  })
  return SPANS_SEC.find(span => ages.every(age => age <= span)) ?? SPANS_SEC[SPANS_SEC.length - 1] ?? 0
}

/** A label of the time axis: `−15 min`, `−20 s` or `now`. */
export function agoText(agoSec: number, spanSec: number): string {
  if (agoSec === 0) return 'now'
  return spanSec < 180 ? `−${agoSec} s` : `−${agoSec / 60} min`
}

/** Labels of an axis: as many decimals as its steps need, with thousands separators. */
export function axisLabels(splits: readonly number[], step: number): string[] {
  let digits = 0
  while (digits < 6 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits++
  return splits.map(value => grouped(value, digits))
}

const formats = new Map<number, Intl.NumberFormat>()

function grouped(value: number, digits: number): string {
  const format =
    formats.get(digits) ??
    // No sign before zero, as in the panels.
    new Intl.NumberFormat('en', {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      signDisplay: 'negative',
    })
  formats.set(digits, format)
  return format.format(value)
}

/** A value with its unit; `—` when it is missing. */
export function valueText(value: number | null, digits: number, unit: string): string {
  return value === null ? '—' : `${grouped(value, digits)}${unit}`
}

export type Summary = {
  /** The newest value; null when it is not known now. */
  readonly current: number | null
  readonly lowest: number
  readonly highest: number
}

/** A line in three numbers; null when it has no values. */
export function summaryOf({ values }: Line): Summary | null {
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  let newest: number | null = null
  let age = 0
  for (const value of values) {
    age++
    if (value === null) continue
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
    newest = value
    age = 0
  }
  // The last seconds may not be confirmed yet: keep-alives are seconds apart.
  return newest === null ? null : { current: age <= MAX_UNCONFIRMED_SEC ? newest : null, lowest, highest }
}

const MAX_UNCONFIRMED_SEC = 40
