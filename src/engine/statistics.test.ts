import { describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { emptyBoard } from '../board/board.js'
import { nextTick } from './schedule.js'
import { Statistics } from './statistics.js'

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
