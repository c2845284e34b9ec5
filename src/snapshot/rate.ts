// Success rates, which writers give as a ratio (0.97) or in per cent (97). A unit in the name (`_pct`, `_percent`) decides. Without
// one, the rates of all indices are read alike: if all are between 0 and 1 and one is above 0, they are ratios, so 1 is 100 %; if one
// is above 1, all are per cent, so 1 is 1 %. The rate of the cycle is a ratio when it is at most 1, unless the indices' rates are in
// per cent.
import { number } from './value.js'

export type Rate = { readonly amount: number; readonly unit: 'percent' | 'unknown' }

export function percent(value: unknown): Rate | null {
  const amount = number(value)
  return amount === null ? null : { amount, unit: 'percent' }
}

/** A rate without a unit in its name. */
export function rate(value: unknown): Rate | null {
  const amount = number(value)
  return amount === null ? null : { amount, unit: 'unknown' }
}

/** The unit of rates that name none; null when it cannot be decided. */
export type Scale = 'ratio' | 'percent' | null

export function scaleOf(rates: readonly (Rate | null)[]): Scale {
  const amounts = rates.flatMap(one => (one?.unit === 'unknown' ? [one.amount] : []))
  if (amounts.some(amount => amount > 1 || amount < 0)) return 'percent'
  return amounts.some(amount => amount > 0) ? 'ratio' : null
}

/** In per cent, without binary noise (0.57 is 57, not 56.99999999999999). */
export function percentOf(given: Rate | null, scale: Scale): number | null {
  if (given === null) return null
  const { amount, unit } = given
  return unit === 'unknown' && scale === 'ratio' ? Number((amount * 100).toPrecision(15)) : amount
}
