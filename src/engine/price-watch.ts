// Since when each price has its value. A stuck feed repeats the last prices with fresh times and good states; it shows only in
// prices that do not change while the market is open.
import { marketAt } from '../snapshot/market.js'
import type { Snapshot } from '../snapshot/snapshot.js'

type Watched = { readonly ltp: number; readonly sinceMs: number }

export type PriceWatch = {
  /** When the newest document was written, epoch ms. */
  readonly atMs: number
  readonly prices: ReadonlyMap<string, Watched>
}

export type UnchangedPrices = {
  /** The indices whose price does not change; empty when all do not. */
  readonly names: readonly string[]
  /** When the oldest of these prices was first seen, epoch ms. */
  readonly sinceMs: number
}

/** Only an open market is watched; each opening starts over. A price of 0 is no price. */
export function watchPrices(
  before: PriceWatch | null,
  { market, indices }: Pick<Snapshot, 'market' | 'indices'>,
  atMs: number,
): PriceWatch | null {
  if (marketAt(market, atMs).state !== 'open') return null
  const prices = new Map<string, Watched>()
  for (const { name, ltp } of indices) {
    if (ltp === null || ltp <= 0) continue
    const known = before?.prices.get(name)
    // When the time went back, nobody knows how long it has been.
    const isSame = known?.ltp === ltp && known.sinceMs <= atMs
    prices.set(name, isSame ? known : { ltp, sinceMs: atMs })
  }
  return { atMs, prices }
}

/** The prices that were the same in every document for at least this long; null when there are none. */
export function unchangedPrices(watch: PriceWatch | null, limitSec: number): UnchangedPrices | null {
  if (watch === null) return null
  const { atMs, prices } = watch
  const stuck = [...prices].filter(([, { sinceMs }]) => atMs - sinceMs >= limitSec * 1000)
  if (stuck.length === 0) return null
  const sinceMs = Math.min(...stuck.map(([, price]) => price.sinceMs))
  return { names: stuck.length === prices.size ? [] : stuck.map(([name]) => name), sinceMs }
}
