// A number that wanders: near its home, within its bounds, and never standing still.
import type { Random } from './prng.js'

export type Way = {
  readonly low: number
  readonly high: number
  /** Where it tends to. */
  readonly home: number
  /** The longest step. */
  readonly step: number
  /** Decimals it is given with. */
  readonly digits: number
}

/** Part of the distance to its home that a step takes it back. */
const PULL = 0.04

export function rounded(value: number, digits: number): number {
  const scale = 10 ** digits
  // Plus 0: a small loss is 0, not -0, which JSON does not know.
  return Math.round(value * scale) / scale + 0
}

/** The next value; always another one than `value`, so that whoever moves something sees it move. */
export function walked(random: Random, value: number, { low, high, home, step, digits }: Way): number {
  const wish = value + random.between(-step, step) + (home - value) * PULL
  const next = rounded(Math.min(high, Math.max(low, wish)), digits)
  if (next !== value) return next
  const unit = 10 ** -digits
  return rounded(value + unit > high ? value - unit : value + unit, digits)
}
