import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lengthSec, MAX_POINTS, spanOf } from './span.js'

const NOW_MS = Date.parse('2026-11-30T10:00:00.400Z')
const NOW_SEC = Math.floor(NOW_MS / 1000)

describe('a span', () => {
  test('is the last 15 minutes, a value a second, unless the query says more', () => {
    expect(spanOf({}, 1, NOW_MS)).toEqual({ fromSec: NOW_SEC - 899, toSec: NOW_SEC, stepSec: 1 })
  })

  test.each([
    ['-90', NOW_SEC - 90],
    ['-10s', NOW_SEC - 10],
    ['-15m', NOW_SEC - 900],
    ['-2h', NOW_SEC - 7_200],
    ['2026-11-30T09:59:00Z', NOW_SEC - 60],
    ['2026-11-30T15:29:00+05:30', NOW_SEC - 60],
    [String(NOW_SEC - 60), NOW_SEC - 60],
    [String(NOW_MS - 60_400), NOW_SEC - 60],
  ])('from %s begins at that second', (from, fromSec) => {
    expect(spanOf({ from }, 1, NOW_MS)).toMatchObject({ fromSec, toSec: NOW_SEC })
  })

  test.each(['yesterday', '-', '-15x', '2026-13-01', '1e9', '--5m', '', '9999999999999999', '-999999999w'])(
    'refuses the time %j',
    from => {
      expect(spanOf({ from }, 1, NOW_MS)).toMatch(/^from is not a time; allowed: now, -15m/)
    },
  )

  test('refuses a beginning after its end, odd steps, and more values than are allowed', () => {
    expect(spanOf({ from: 'now', to: '-1m' }, 1, NOW_MS)).toBe('from must be before to')
    expect(spanOf({ step: '0' }, 1, NOW_MS)).toMatch(/^step must be/)
    expect(spanOf({ from: '-1h', step: '1s' }, 8, NOW_MS)).toMatch(/^this asks for 28808 values, and 10000/)
  })

  test('without a step has about 900 values of each series, and never more than are allowed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 70_000_000 }), fc.integer({ min: 1, max: 8 }), (back, series) => {
        const span = spanOf({ from: `-${back}` }, series, NOW_MS)
        if (typeof span === 'string') throw new Error(span)
        const count = Math.ceil((span.toSec - span.fromSec + 1) / span.stepSec)
        expect(count).toBeLessThanOrEqual(900)
        expect(count * series).toBeLessThanOrEqual(MAX_POINTS)
      }),
    )
  })
})

test('a length is a number and one unit', () => {
  expect(['90', '10s', '2m', '1h', '1d', '1w'].map(lengthSec)).toEqual([90, 10, 120, 3_600, 86_400, 604_800])
  expect(['', 's', '1.5m', '-1', '1m2s', '9999999999'].map(lengthSec)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
  ])
})
