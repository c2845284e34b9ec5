// A success rate, of which writers give the ratio (0.97) or the per cent (97). The name decides where it has a unit (`_pct`,
// `_percent`). Where it has none, the rates of all indices are read alike: all of them between 0 and 1, and one of them above 0,
// are ratios, so 1 among them is 100 %; one above 1 makes all of them per cent, so 1 is 1 %. The cycle's own rate is a ratio when
// it is at most 1, unless the indices' rates are in per cent.
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

/** How rates without a unit are meant; null where there are none that tell. */
export type Scale = 'ratio' | 'percent' | null

export function scaleOf(rates: readonly (Rate | null)[]): Scale {
  const amounts = rates.flatMap(one => (one?.unit === 'unknown' ? [one.amount] : []))
  if (amounts.some(amount => amount > 1 || amount < 0)) return 'percent'
  return amounts.some(amount => amount > 0) ? 'ratio' : null
}

/** Per cent; a ratio's decimals stay decimal (0.57 is 57, not 56.99999999999999). */
export function percentOf(given: Rate | null, scale: Scale): number | null {
  if (given === null) return null
  const { amount, unit } = given
  return unit === 'unknown' && scale === 'ratio' ? Number((amount * 100).toPrecision(15)) : amount
}
