import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Intervals } from './intervals.js'

describe('intervals', () => {
  test('count refreshes, not the cycles in them', () => {
    const intervals = new Intervals()
    const at = [50, 60, 1_049, 1_050, 1_900, 2_050, 2_051].map(ms => intervals.at(ms, 1_000))
    expect(at).toEqual([1, 1, 2, 2, 2, 3, 3])
    expect(intervals.beginsAtMs(5, 1_000)).toBe(4_050)
  })

  test('do not count those in which no cycle ran', () => {
    const intervals = new Intervals()
    expect([0, 4_500, 5_000].map(ms => intervals.at(ms, 1_000))).toEqual([1, 2, 3])
  })

  test('have no beginning before the first cycle', () => {
    expect(new Intervals().beginsAtMs(3, 1_000)).toBe(Number.POSITIVE_INFINITY)
  })

  test('count each tick of the grid once, with any refresh', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 20, max: 5_000, noNaN: true }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        (refreshMs, startMs) => {
          const intervals = new Intervals()
          let dueMs = startMs
          for (let tick = 1; tick <= 200; tick++) {
            expect(intervals.at(dueMs, refreshMs)).toBe(tick)
            dueMs += refreshMs
          }
        },
      ),
    )
  })
})
