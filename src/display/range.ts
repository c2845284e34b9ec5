// The range in which a line is drawn, its axis and its span: the same on the page and in the terminal. A range is never so narrow
// that noise looks like a change, and zero is its base only where the size matters.

export type Range = {
  readonly low: number
  readonly high: number
  /** The base is 0: the area below the line means something. */
  readonly isZeroBased: boolean
}

/** Units of amounts: durations, sizes and rates have a natural zero. */
const AMOUNT = /^(?:ns|µs|us|ms|s|min|h|d|[kKMGTP]?i?B|.*\/(?:s|min|h))$/u
const LEAST_PERCENT = 5
const LEAST_RATIO = 0.1
const LEAST_COUNT = 4
/** Of the value itself. */
const LEAST_AMOUNT = 0.2
const LEAST_PRICE = 0.002
/** The same in per cent. */
const LEAST_CHANGE = 0.2
/** Numbers without a unit up to this are ratios. */
const LARGEST_RATIO = 2

function leastSpan(largest: number, unit: string, isWhole: boolean): number {
  if (unit === '%') return LEAST_PERCENT
  if (unit !== '') return largest * LEAST_AMOUNT
  if (isWhole) return Math.max(LEAST_COUNT, largest * LEAST_PRICE)
  return largest <= LARGEST_RATIO ? LEAST_RATIO : largest * LEAST_PRICE
}

/** `Number.MIN_VALUE` alone would be a span that no arithmetic survives. */
const SMALLEST_SPAN = 1e-9

/**
 * The range of values with this unit (`''` without one); null without any value: no data, no axis. `isChange`: the values are
 * changes of prices in per cent, for which 5 points are far too many.
 */
export function rangeOf(values: Iterable<number | null>, unit: string, isChange = false): Range | null {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let isWhole = true
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
    isWhole &&= Number.isInteger(value)
  }
  if (low > high) return null
  const largest = Math.max(Math.abs(low), Math.abs(high))
  const least = Math.max(isChange ? LEAST_CHANGE : leastSpan(largest, unit, isWhole), SMALLEST_SPAN)
  const isAmount = low >= 0 && AMOUNT.test(unit)
  // Zero is as near as the line is high: showing it costs little and makes the size readable.
  if (isAmount || (low >= 0 && low <= high - low) || high === 0) {
    return low < 0
      ? { low: Math.min(low, -least), high: 0, isZeroBased: true }
      : { low: 0, high: Math.max(high, least), isZeroBased: true }
  }
  const missing = Math.max(0, least - (high - low)) / 2
  const [from, to] = [low - missing, high + missing]
  // A range around a number that is never negative does not show negative numbers.
  return low >= 0 && from < 0
    ? { low: 0, high: to - from, isZeroBased: true }
    : { low: from, high: to, isZeroBased: false }
}

export type Axis = Range & {
  /** Where its lines are, rising; from the lowest to the highest shown value. */
  readonly ticks: readonly number[]
  /** Decimals that the labels need. */
  readonly decimals: number
}

const STEPS = [1, 2, 2.5, 5, 10] as const
const MOST_TICKS = 5
const LEAST_TICKS = 3
/** Rounding errors of a quotient. */
const ERROR = 1e-9
const MAX_DECIMALS = 12

function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < MAX_DECIMALS; decimals++)
    if (Math.abs(Number(step.toFixed(decimals)) - step) < step * 1e-6) return decimals
  return MAX_DECIMALS
}

/** The axis of a plot: 3 to 5 lines, as tight as they can be. `symmetric`: as far above 0 as below, for changes. */
export function axisOf(range: Range, symmetric = false): Axis {
  const reach = Math.max(Math.abs(range.low), Math.abs(range.high))
  const [low, high] = symmetric ? [-reach, reach] : [range.low, range.high]
  const power = 10 ** Math.floor(Math.log10((high - low) / (MOST_TICKS - 1)))
  let best = { step: 0, first: 0, last: 0, span: Number.POSITIVE_INFINITY }
  // Smaller steps come first: of two that are equally tight the one with more lines.
  for (const each of [...STEPS, 20, 25, 50]) {
    const step = each * power
    const first = Math.floor(low / step + ERROR)
    const last = Math.ceil(high / step - ERROR)
    const lines = last - first + 1
    const span = (last - first) * step
    const isTight = lines >= LEAST_TICKS && lines <= MOST_TICKS && span < best.span * (1 - ERROR)
    if (isTight) best = { step, first, last, span }
  }
  const { step, first, last } = best
  const decimals = decimalsOf(step)
  const ticks = Array.from(
    { length: last - first + 1 },
    (_, i) => Number(((first + i) * step).toFixed(decimals)) + 0,
  )
  return { low: first * step, high: last * step, isZeroBased: range.isZeroBased, ticks, decimals }
}

/** Spans of the time axis, seconds. */
const SPANS_SEC = [60, 180, 360, 900] as const
const LONGEST_SEC = 900

/** The least span that holds a line known for so long: what the surface says it shows. */
export function spanOf(knownSec: number): number {
  return SPANS_SEC.find(span => knownSec <= span) ?? LONGEST_SEC
}

/** `1 min`, `15 min`. */
export function spanText(spanSec: number): string {
  return `${Math.round(spanSec / 60)} min`
}
