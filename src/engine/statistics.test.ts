import { describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { emptyBoard } from '../board/board.js'
import { Statistics } from './statistics.js'
import { nextTick } from './ticker.js'

describe('statistics', () => {
  test('forget what is older than five minutes in the short ratio only', () => {
    const stats = new Statistics(0)
    const next = boardMaker()
    const one = next(textPanel('a', '1'))
    stats.cycle(emptyBoard('e1'), one, 0.4, 0)
    const two = next(textPanel('a', '2'))
    stats.cycle(one, two, 0.4, 1_000)
    expect(stats.snapshot(0)).toMatchObject({ hitRatio: 0, hitRatio5m: 0 })
    const three = next(textPanel('a', '2'))
    stats.cycle(two, three, 0.4, 400_000)
    expect(stats.snapshot(0)).toMatchObject({ hitRatio: 0.5, hitRatio5m: 1, unchangedCycles: 1, cycles: 3 })
  })

  test('know mean and 95th percentile of a panel, and a build that took unusually long', () => {
    const stats = new Statistics(0)
    for (let i = 0; i < 100; i++) expect(stats.panelBuilt('a', 1 + (i % 2) / 10)).toBe(false)
    expect(stats.panelBuilt('a', 5)).toBe(true)
    expect(stats.snapshot(0).timing().a).toMatchObject({ calls: 101, p95Ms: 1.1 })
  })
})

test('a tick lies on the grid, and those that passed are counted', () => {
  expect(nextTick(1_000, 1_000, 1_000)).toEqual({ atMs: 2_000, missed: 0 })
  expect(nextTick(1_000, 1_000, 1_999)).toEqual({ atMs: 2_000, missed: 0 })
  expect(nextTick(1_000, 1_000, 4_300)).toEqual({ atMs: 5_000, missed: 3 })
})

describe('the statistics of a writer', () => {
  const REFRESH_MS = 1_000

  /** A loop's statistics every 100 ms over five minutes, for writes at these times that change 2 of 3 panels. */
  function sampled(writesMs: readonly number[]) {
    const stats = new Statistics(0)
    const next = boardMaker()
    let value = 0
    let board = next(textPanel('a', '0'), textPanel('b', '0'), textPanel('c', '0'))
    stats.cycle(emptyBoard('e1'), board, 0.4, 0)
    let dueMs = REFRESH_MS
    let write = 0
    const samples: ReturnType<Statistics['snapshot']>[] = []
    const cycle = (atMs: number, byTimer: boolean): void => {
      const text = String(byTimer ? value : ++value)
      const after = next(textPanel('a', text), textPanel('b', text), textPanel('c', '0'))
      stats.cycle(board, after, 0.4, atMs, byTimer ? REFRESH_MS / 2 : 0)
      board = after
    }
    for (let ms = 1; ms <= 300_000; ms++) {
      if (ms === writesMs[write]) {
        write++
        cycle(ms, false)
        dueMs = ms + REFRESH_MS
      } else if (ms === dueMs) {
        cycle(ms, true)
        dueMs += REFRESH_MS
      }
      if (ms > 2_000 && ms % 100 === 50) samples.push(stats.snapshot(0))
    }
    return samples
  }
  const every = (ms: number, lateMs: (n: number) => number = () => 0): number[] =>
    Array.from({ length: Math.floor(300_000 / ms) }, (_, n) => (n + 1) * ms + lateMs(n))
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)]

  test.each([
    ['every interval', every(1_000)],
    ['every interval, now a little late and now a little early', every(1_000, n => ((n * 37) % 61) - 30)],
    ['a little slower than the interval', every(1_003)],
    ['faster than the interval', every(300)],
    ['much faster', every(40)],
  ])('that writes %s: churn, streak and hits are those of its changes', (_, writesMs) => {
    const samples = sampled(writesMs)
    // Between the timer and a late write nothing has changed yet: only for milliseconds.
    expect(mean(samples.map(({ churnRatio }) => churnRatio))).toBeGreaterThan(0.6)
    expect(mean(samples.map(({ lastCycleUpdates }) => lastCycleUpdates))).toBeGreaterThan(1.8)
    expect(distinct(samples.map(({ changeRatio5m }) => changeRatio5m))).toEqual([2 / 3])
    expect(samples.at(-1)?.highChurnStreak).toBe(writesMs.filter(ms => ms < 299_950).length)
    expect(samples.at(-1)?.hitRatio).toBeCloseTo(1 / 3)
  })

  test.each([
    ['one and a half intervals', every(1_500)],
    ['two intervals', every(2_000)],
    ['seven intervals', every(7_000)],
  ])(
    'that writes every %s: the change ratio stays the same, and idle intervals count as idle',
    (_, writesMs) => {
      const samples = sampled(writesMs).slice(100)
      expect(distinct(samples.map(({ changeRatio5m }) => changeRatio5m))).toEqual([2 / 3])
      expect(distinct(samples.map(({ churnRatio }) => churnRatio)).sort()).toEqual([0, 2 / 3])
      expect(samples.at(-1)?.highChurnStreak).toBeLessThanOrEqual(1)
    },
  )

  test('that stopped: its change ratio is unknown after five minutes', () => {
    expect(sampled([500]).at(-1)).toMatchObject({ churnRatio: 0, changeRatio5m: 2 / 3, unchangedCycles: 299 })
    const stats = new Statistics(0)
    const next = boardMaker()
    const [one, two] = [next(textPanel('a', '1')), next(textPanel('a', '2'))]
    stats.cycle(one, two, 0.4, 0)
    stats.cycle(two, next(textPanel('a', '2')), 0.4, 301_000)
    expect(stats.snapshot(0).changeRatio5m).toBeNull()
  })
})
