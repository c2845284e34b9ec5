import { describe, expect, test } from 'vitest'
import { derive } from '../snapshot/derive.js'
import { type PriceWatch, unchangedPrices, watchPrices } from './price-watch.js'

type Prices = Readonly<Record<string, number | null>>

/** Documents one minute apart, each with the prices given. */
function watched(documents: readonly Prices[], market: unknown = true): PriceWatch | null {
  let watch: PriceWatch | null = null
  documents.forEach((prices, minute) => {
    const indices = Object.fromEntries(Object.entries(prices).map(([name, ltp]) => [name, { ltp }]))
    watch = watchPrices(watch, derive({ market_open: market, indices }), minute * 60_000)
  })
  return watch
}

const same = (count: number, prices: Prices = { A: 1, B: 2 }): Prices[] =>
  Array.from({ length: count }, () => prices)
const limit = 600

describe('prices are unchanged', () => {
  test('when every document of ten minutes gives the same ones', () => {
    expect(unchangedPrices(watched(same(10)), limit)).toBe(null)
    expect(unchangedPrices(watched(same(11)), limit)).toEqual({ names: [], sinceMs: 0 })
  })

  test('since the first document that gave them', () => {
    const moved = [{ A: 5, B: 6 }, { A: 5, B: 7 }, ...same(11)]
    expect(unchangedPrices(watched(moved), limit)).toEqual({ names: [], sinceMs: 120_000 })
    expect(unchangedPrices(watched([...same(20), { A: 1.05, B: 2.05 }]), limit)).toBe(null)
  })

  test('of one index by name while the others change', () => {
    const moving = Array.from({ length: 12 }, (_, i) => ({ A: 1, B: i + 1 }))
    expect(unchangedPrices(watched(moving), limit)).toEqual({ names: ['A'], sinceMs: 0 })
  })

  test('never in a closed market, nor where the state of the market is unknown', () => {
    for (const market of [false, null]) expect(unchangedPrices(watched(same(30), market), limit)).toBe(null)
  })

  test('in trading hours, where the document never names the market', () => {
    const opens = Date.parse('2026-11-27T03:45:00Z')
    const unnamed = derive({ indices: { A: { ltp: 1 } } })
    const watchedFrom = (startMs: number) =>
      [0, 300_000, 600_000].reduce<PriceWatch | null>((w, ms) => watchPrices(w, unnamed, startMs + ms), null)
    expect(unchangedPrices(watchedFrom(opens), limit)).toEqual({ names: [], sinceMs: opens })
    expect(unchangedPrices(watchedFrom(opens - 3_600_000), limit)).toBe(null)
  })

  test('from the opening on, even when they were the same before', () => {
    const before = watchPrices(null, derive({ market_open: false, indices: { A: { ltp: 1 } } }), 0)
    const opened = watchPrices(before, derive({ market_open: true, indices: { A: { ltp: 1 } } }), 3_600_000)
    expect(unchangedPrices(opened, limit)).toBe(null)
  })

  test('never without prices, nor when nobody writes', () => {
    expect(unchangedPrices(watched(same(30, {})), limit)).toBe(null)
    expect(unchangedPrices(watched(same(30, { A: null, B: 0 })), limit)).toBe(null)
    expect(unchangedPrices(watched(same(2)), limit)).toBe(null)
  })

  test('not because a clock went back', () => {
    const one = watchPrices(null, derive({ market_open: true, indices: { A: { ltp: 1 } } }), 3_600_000)
    const two = watchPrices(one, derive({ market_open: true, indices: { A: { ltp: 1 } } }), 0)
    const three = watchPrices(two, derive({ market_open: true, indices: { A: { ltp: 1 } } }), 60_000)
    expect(unchangedPrices(three, limit)).toBe(null)
  })
})
