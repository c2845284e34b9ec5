import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { axisOf, rangeOf, spanOf, spanText } from './range.js'

describe('a range', () => {
  test('without values does not exist', () => {
    expect(rangeOf([], '%')).toBeNull()
    expect(rangeOf([null, null], 'ms')).toBeNull()
  })

  test('is that of its values', () => {
    expect(rangeOf([61.8, null, 99.9], '%')).toEqual({ low: 61.8, high: 99.9, isZeroBased: false })
  })

  test('is never narrower than the least span of its unit', () => {
    const span = (values: number[], unit: string) => {
      const range = rangeOf(values, unit)
      return range === null ? null : Number((range.high - range.low).toFixed(6))
    }
    expect(span([97.4, 97.5], '%')).toBe(5)
    expect(span([24_561.48, 24_561.5], '')).toBeCloseTo(49.123, 2)
    expect(span([900, 901], '')).toBe(4)
    expect(span([0.94, 0.95], '')).toBe(0.1)
    expect(span([5, 5], '')).toBe(4)
  })

  test('of amounts begins at zero, others only where zero is near', () => {
    expect(rangeOf([60, 90], 'ms')).toEqual({ low: 0, high: 90, isZeroBased: true })
    expect(rangeOf([231.5], 'MB')).toEqual({ low: 0, high: 231.5, isZeroBased: true })
    expect(rangeOf([140, 141], '/s')?.isZeroBased).toBe(true)
    expect(rangeOf([0, 480], '')).toEqual({ low: 0, high: 480, isZeroBased: true })
    expect(rangeOf([412, 412], '')?.isZeroBased).toBe(false)
    expect(rangeOf([0, 0], '')).toEqual({ low: 0, high: 4, isZeroBased: true })
  })

  test('of numbers that are not negative shows none below zero', () => {
    expect(rangeOf([1, 1], '')).toEqual({ low: 0, high: 4, isZeroBased: true })
    expect(rangeOf([1, 1.5], '%')).toEqual({ low: 0, high: 5, isZeroBased: true })
  })

  test('of changes shows both sides', () => {
    expect(rangeOf([-0.3, 0.25], '%', true)).toMatchObject({ low: -0.3, high: 0.25, isZeroBased: false })
    expect(rangeOf([0.01, -0.01], '%', true)).toMatchObject({ low: -0.1, high: 0.1 })
    expect(rangeOf([-0.3, 0.25], '%')).toMatchObject({ low: -2.525, high: 2.475, isZeroBased: false })
  })

  test('holds all its values, whatever they are', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), {
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(values, fc.constantFrom('', '%', 'ms', 'MB', '/s', 'x'), (all, unit) => {
        const range = rangeOf(all, unit)
        expect(range).not.toBeNull()
        if (range === null) return
        expect(range.low).toBeLessThanOrEqual(Math.min(...all))
        expect(range.high).toBeGreaterThanOrEqual(Math.max(...all))
        expect(range.high).toBeGreaterThan(range.low)
        const { ticks, low, high } = axisOf(range)
        expect(ticks.length).toBeGreaterThanOrEqual(3)
        expect(ticks.length).toBeLessThanOrEqual(5)
        expect(low).toBeLessThanOrEqual(range.low + 1e-6 * (range.high - range.low))
        expect(high).toBeGreaterThanOrEqual(range.high - 1e-6 * (range.high - range.low))
      }),
    )
  })
})

describe('an axis', () => {
  const axis = (low: number, high: number, symmetric = false) =>
    axisOf({ low, high, isZeroBased: low === 0 }, symmetric)

  test('has lines at 1, 2, 2.5 or 5 × 10ⁿ', () => {
    expect(axis(0, 480).ticks).toEqual([0, 250, 500])
    expect(axis(0, 3.8).ticks).toEqual([0, 1, 2, 3, 4])
    expect(axis(24_500, 24_612).ticks).toEqual([24_500, 24_550, 24_600, 24_650])
    expect(axis(61.8, 99.9)).toMatchObject({ ticks: [60, 70, 80, 90, 100], decimals: 0 })
  })

  test('of changes is symmetric about 0', () => {
    expect(axis(-0.3, 0.25, true)).toMatchObject({
      ticks: [-0.4, -0.2, 0, 0.2, 0.4],
      decimals: 1,
      low: -0.4,
      high: 0.4,
    })
  })

  test('says how many decimals its labels need', () => {
    expect(axis(0.1, 0.2)).toMatchObject({ ticks: [0.1, 0.125, 0.15, 0.175, 0.2], decimals: 3 })
  })
})

test('the shown span is the least that holds what is known', () => {
  expect([0, 60, 61, 900, 5_000].map(spanOf)).toEqual([60, 60, 180, 900, 900])
  expect(spanText(900)).toBe('15 min')
})
