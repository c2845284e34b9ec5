import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inTurn, median, pairedRatio, percentile, spread } from './stats.js'

const numbers = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 })

describe('median', () => {
  test('is the middle value, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([10, 1, 2, 3])).toBe(2.5)
    expect(median([7])).toBe(7)
  })

  test('sorts by size, not as text', () => {
    expect(median([9, 10, 100])).toBe(10)
  })

  test('leaves its argument as it was', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('percentile', () => {
  test('is the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 0.991)).toBe(100)
    expect(percentile(hundred, 1)).toBe(100)
    expect(percentile([5], 0.01)).toBe(5)
  })

  test('at least that part does not exceed it, and a smaller value would not do', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, part) => {
        const found = percentile(values, part)
        const notAbove = values.filter(value => value <= found).length
        const below = values.filter(value => value < found).length
        return values.includes(found) && notAbove >= part * values.length && below < part * values.length
      }),
    )
  })

  test.each([0, -1, 1.01, Number.NaN])('refuses the part %s', part => {
    expect(() => percentile([1], part)).toThrow(RangeError)
  })
})

describe('spread', () => {
  test('says median, extremes and how many', () => {
    expect(spread([4, 8, 1])).toEqual({ median: 4, min: 1, max: 8, count: 3 })
  })

  test('holds every value', () => {
    fc.assert(
      fc.property(numbers, values => {
        const { median: middle, min, max } = spread(values)
        return min <= middle && middle <= max && values.every(value => value >= min && value <= max)
      }),
    )
  })

  test('of no values, or of a value that is not a number, is an error', () => {
    expect(() => spread([])).toThrow('statistics of no values')
    expect(() => spread([1, Number.NaN])).toThrow('not a number')
  })
})

describe('paired ratio', () => {
  test('compares round with round, so that a slow round for both is no difference', () => {
    expect(pairedRatio([10, 20, 100], [10, 20, 100])).toEqual({ median: 1, min: 1, max: 1, count: 3 })
    expect(pairedRatio([12, 30], [10, 20])).toEqual({ median: 1.35, min: 1.2, max: 1.5, count: 2 })
  })

  test('refuses rounds that do not pair', () => {
    expect(() => pairedRatio([1], [1, 2])).toThrow('got 1 against 2')
  })
})

test('every round begins with the next server, the first round with ours', () => {
  const servers = ['ours', 'bare', 'nchan'] as const
  expect(inTurn(servers, 1)).toEqual(['ours', 'bare', 'nchan'])
  expect(inTurn(servers, 2)).toEqual(['bare', 'nchan', 'ours'])
  expect(inTurn(servers, 4)).toEqual(['ours', 'bare', 'nchan'])
  expect(inTurn([], 3)).toEqual([])
})
