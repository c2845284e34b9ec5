import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { percentile } from '../stats.js'
import { Histogram } from './histogram.js'

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.add(value)
  return histogram
}

describe('a histogram', () => {
  test('is exact below 128', () => {
    const histogram = filled(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(histogram.percentile(0.5)).toBe(50)
    expect(histogram.percentile(0.99)).toBe(99)
    expect(histogram.max).toBe(100)
    expect(histogram.mean).toBe(50.5)
    expect(histogram.count).toBe(100)
  })

  test('is off by less than 1 %, and never low, for any values up to weeks in nanoseconds', () => {
    const values = fc.array(fc.integer({ min: 0, max: 2 ** 50 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.9, 0.99, 1), (all, part) => {
        const exact = percentile(all, part)
        const found = filled(all).percentile(part)
        return found >= exact && found <= exact * 1.01
      }),
    )
  })

  test('counts values below 0 as 0, and returns 0 when it is empty', () => {
    expect(filled([-5]).percentile(0.5)).toBe(0)
    expect(new Histogram().percentile(0.99)).toBe(0)
    expect(new Histogram().mean).toBe(0)
  })
})
