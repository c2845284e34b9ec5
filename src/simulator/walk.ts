// A bounded random walk that tends towards a home value and moves in every step.
import type { Random } from './prng.js'

export type WalkRange = {
  readonly low: number
  readonly high: number
  /** The value it tends towards. */
  readonly home: number
  /** The longest step. */
  readonly step: number
  /** Decimals of the result. */
  readonly digits: number
}

/** Share of the distance to `home` that is added to each step. */
const PULL = 0.04

export function rounded(value: number, digits: number): number {
  const scale = 10 ** digits
  // `+ 0` makes 0 of -0, which JSON cannot express.
  return Math.round(value * scale) / scale + 0
}

/** The next value, always different from `value`. */
export function walked(random: Random, value: number, range: WalkRange): number {
  const { low, high, home, step, digits } = range
  const target = value + random.between(-step, step) + (home - value) * PULL
  const next = rounded(Math.min(high, Math.max(low, target)), digits)
  if (next !== value) return next
  const unit = 10 ** -digits
  return rounded(value + unit > high ? value - unit : value + unit, digits)
}
