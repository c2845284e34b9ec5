import { describe, expect, test } from 'vitest'
import { factId } from '../panels/facts.js'
import { numbersOf } from './numbers.js'
import { createSeries, MAX_SILENT_SEC, type Series, WINDOW_SEC } from './series.js'

const START_SEC = 1_800_000_000
const at = (sec: number): number => (START_SEC + sec) * 1000
const cpu = (value?: number) => (value === undefined ? {} : { cpu_pct: value })

/** Confirms again and again until then. */
function hear(series: Series, untilSec: number): void {
  for (let sec = 0; sec < untilSec; sec += MAX_SILENT_SEC) series.confirm(at(sec))
  series.confirm(at(untilSec))
}

/** The last `count` values of the processor, the window ending at `sec`. */
function tail(series: Series, sec: number, count: number): readonly (number | null)[] {
  return series.values('resources.cpu_pct', at(sec)).values.slice(-count)
}

describe('a line', () => {
  test('keeps the last value until the next one', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.take('resources', cpu(20), at(3))
    expect(tail(series, 3, 5)).toEqual([null, 10, 10, 10, 20])
  })

  test('ends where it was last confirmed', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.confirm(at(2))
    expect(tail(series, 5, 6)).toEqual([10, 10, 10, null, null, null])
    expect(series.values('resources.cpu_pct', at(5))).toMatchObject({
      endSec: START_SEC + 5,
      lastSec: START_SEC + 2,
      knownSec: 6,
    })
  })

  test('has a gap, not a zero, where the number was missing', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.take('resources', cpu(), at(1))
    series.take('resources', cpu(30), at(2))
    series.take('resources', undefined, at(3))
    expect(tail(series, 3, 4)).toEqual([10, null, 30, null])
  })

  test('has a gap from an interruption to its next value', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.interrupt(at(1))
    series.take('cycle', {}, at(4))
    series.take('resources', cpu(10), at(5))
    expect(tail(series, 5, 6)).toEqual([10, 10, null, null, null, 10])
  })

  test('keeps the value of the second in which it was interrupted, whatever other panels say in it', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.take('resources', cpu(20), at(1))
    series.interrupt(at(1) + 300)
    series.take('cycle', { number: 1 }, at(1) + 600)
    expect(tail(series, 1, 2)).toEqual([10, 20])
  })

  test('forgets what was confirmed after the moment of an interruption: a stale document repeated itself', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.confirm(at(60))
    series.interrupt(at(2))
    series.take('resources', cpu(10), at(62))
    expect(tail(series, 62, 63)).toEqual([10, 10, 10, ...Array(59).fill(null), 10])
  })

  test('keeps the last value of a second, however many came', () => {
    const series = createSeries()
    for (let i = 0; i < 1000; i++) series.take('resources', cpu(i), at(1) + i)
    expect(tail(series, 1, 2)).toEqual([null, 999])
    series.confirm(at(2))
    expect(tail(series, 2, 2)).toEqual([999, 999])
  })

  test('is not ended by another panel', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.take('cycle', { number: 1 }, at(1))
    expect(tail(series, 1, 2)).toEqual([10, 10])
  })

  test('drops what is older than the window', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.take('resources', cpu(20), at(1))
    hear(series, WINDOW_SEC)
    const { values, knownSec } = series.values('resources.cpu_pct', at(WINDOW_SEC))
    expect(values).toHaveLength(WINDOW_SEC)
    expect(knownSec).toBe(WINDOW_SEC)
    expect(new Set(values)).toEqual(new Set([20]))
  })

  test('is a gap after a silence, as of a machine that slept, and goes on after it', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    series.confirm(at(MAX_SILENT_SEC))
    series.confirm(at(2 * MAX_SILENT_SEC + 1))
    const values = tail(series, 2 * MAX_SILENT_SEC + 1, MAX_SILENT_SEC + 2)
    expect([values[0], values[1], values.at(-2), values.at(-1)]).toEqual([10, null, null, 10])
  })

  test('has one value throughout when no other came for hours', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    hear(series, 40 * WINDOW_SEC + 7)
    expect(new Set(tail(series, 40 * WINDOW_SEC + 7, WINDOW_SEC))).toEqual(new Set([10]))
  })

  test('moves out of the window when nothing comes any more', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(0))
    expect(tail(series, WINDOW_SEC - 1, WINDOW_SEC)[0]).toBe(10)
    expect(new Set(tail(series, WINDOW_SEC, WINDOW_SEC))).toEqual(new Set([null]))
  })

  test('that is not known is a gap', () => {
    expect(createSeries().values('no.such', at(0))).toMatchObject({ knownSec: 0, lastSec: null })
  })
})

describe('points', () => {
  test('are the means of equal parts, which stay while time passes', () => {
    const series = createSeries()
    // The parts of ten seconds begin at multiples of ten.
    for (let sec = 0; sec < 30; sec++)
      series.take('resources', cpu(Math.floor(sec / 10) * 10 + (sec % 2)), at(sec))
    expect(series.points('resources.cpu_pct', at(29), 40, 4)).toEqual([null, 0.5, 10.5, 20.5])
    expect(series.points('resources.cpu_pct', at(25), 40, 4).slice(0, 3)).toEqual([null, 0.5, 10.5])
  })

  test('are gaps where nothing is known', () => {
    const series = createSeries()
    expect(series.points('resources.cpu_pct', at(0), 60, 3)).toEqual([null, null, null])
    series.take('resources', cpu(1), at(0))
    series.interrupt(at(1))
    expect(series.points('resources.cpu_pct', at(25), 30, 3)).toEqual([1, null, null])
  })
})

describe('a clock', () => {
  test('that is a little behind changes the newest second', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(10))
    series.take('resources', cpu(20), at(8))
    expect(tail(series, 10, 2)).toEqual([null, 20])
  })

  test('that was set back an hour starts afresh', () => {
    const series = createSeries()
    series.take('resources', cpu(10), at(3600))
    series.take('resources', cpu(20), at(0))
    series.take('resources', cpu(30), at(1))
    expect(tail(series, 1, 3)).toEqual([null, 20, 30])
  })
})

describe('ids', () => {
  test('are the paths of the numbers, with percent signs for what would end a part', () => {
    const facts = {
      pcr: 0.9,
      market: 'open',
      max_pain: { 'NIFTY 50': 1, 'A/B.C,D%': 2 },
      items: [{ at_ms: 1 }],
      odd: Number.NaN,
    }
    expect(numbersOf('analytics', facts).map(([id]) => id)).toEqual([
      'analytics.pcr',
      'analytics.max_pain.NIFTY 50',
      'analytics.max_pain.A%2FB%2EC%2CD%25',
    ])
    expect(factId('indices', 'A/B.C,D%', 'ltp')).toBe('indices.A%2FB%2EC%2CD%25.ltp')
  })

  test('of the first number of each row come first, so that a limit cuts columns', () => {
    const facts = { NIFTY: { ltp: 1, dq_pct: 2 }, SENSEX: { ltp: 3, dq_pct: 4 } }
    expect(numbersOf('indices', facts).map(([id]) => id)).toEqual([
      'indices.NIFTY.ltp',
      'indices.SENSEX.ltp',
      'indices.NIFTY.dq_pct',
      'indices.SENSEX.dq_pct',
    ])
  })

  test('of facts without an end have one', () => {
    let deep: object = { a: 1 }
    for (let i = 0; i < 100_000; i++) deep = { a: deep }
    expect(numbersOf('panel', deep)).toEqual([])
  })
})

describe('many lines', () => {
  test('are bounded in number; one that was a gap for the whole window makes room', () => {
    const series = createSeries(2)
    const rows = (...names: string[]) => Object.fromEntries(names.map(name => [name, 1]))
    series.take('p', rows('a', 'b', 'c'), at(0))
    expect(series.ids()).toEqual(['p.a', 'p.b'])
    series.take('p', rows('b', 'c'), at(1))
    expect(series.ids()).toEqual(['p.a', 'p.b'])
    series.take('p', rows('b', 'c'), at(WINDOW_SEC + 1))
    expect(series.ids()).toEqual(['p.b', 'p.c'])
  })

  test('of one large panel leave room for the others', () => {
    const series = createSeries()
    const rows = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`row${i}`, { ltp: i, age_sec: 1 }]),
    )
    series.take('indices', rows, at(0))
    series.take('resources', cpu(10), at(0))
    expect(series.ids().filter(id => id.startsWith('indices.'))).toHaveLength(512)
    expect(series.values('indices.row500.ltp', at(0)).lastSec).toBe(START_SEC)
    expect(tail(series, 0, 1)).toEqual([10])
  })
})

describe('the past from a server', () => {
  const ID = 'box%2Fa.n'
  const at = (second: number) => second * 1000
  const past = (values: readonly (number | null)[], stepSec = 1) => ({
    id: ID,
    fromSec: 1_000,
    stepSec,
    values,
  })
  const last = (series: ReturnType<typeof createSeries>, nowSec: number, count: number) =>
    series.values(ID, at(nowSec)).values.slice(-count)

  test('is continued without a seam by the values that come after it', () => {
    const series = createSeries()
    series.fill(past([1, null, 3, 4]), 1_003)
    series.take('box/a', { n: 5 }, at(1_006))
    series.confirm(at(1_007))
    expect(last(series, 1_007, 8)).toEqual([1, null, 3, 4, 4, 4, 5, 5])
  })
  test('fills what was unknown, and changes nothing that is known', () => {
    const series = createSeries()
    series.take('box/a', { n: 7 }, at(1_002))
    series.confirm(at(1_004))
    series.fill(past([1, 2, 3, 4]), 1_003)
    series.take('box/a', { n: 8 }, at(1_005))
    expect(last(series, 1_005, 6)).toEqual([1, 2, 7, 7, 7, 8])
  })
  test('has each value in all seconds of its step, and ends with a gap where the server knew nothing', () => {
    const series = createSeries()
    series.fill(past([1, 2, null], 2), 1_005)
    series.take('other', { n: 1 }, at(1_007))
    expect(last(series, 1_007, 8)).toEqual([1, 1, 2, 2, null, null, null, null])
  })
  test('steps are the last known value of each', () => {
    const series = createSeries()
    series.fill(past([1, 2, null, null, 5]), 1_004)
    expect(series.steps(ID, 999, 1_006, 2)).toEqual([1, 2, 5, null])
    expect(series.steps('no.such', 999, 1_002, 2)).toEqual([null, null])
  })
})
