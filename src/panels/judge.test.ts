import { describe, expect, test } from 'vitest'
import { backedOffRecently, highIsBad, lowIsBad, memoryLevel, memoryTone } from './judge.js'
import { DEFAULT_THRESHOLDS } from './thresholds.js'

describe('a threshold', () => {
  test('of a load is reached at its value', () => {
    expect([69.9, 70, 89.9, 90].map(value => highIsBad(value, 70, 90))).toEqual([
      'ok',
      'warn',
      'warn',
      'error',
    ])
  })

  test('of a score is passed below its value', () => {
    expect([85, 84.9, 70, 69.9].map(value => lowIsBad(value, 85, 70))).toEqual([
      'ok',
      'warn',
      'warn',
      'error',
    ])
  })

  test('gives no tone to a missing value', () => {
    expect([highIsBad(null, 1, 2), lowIsBad(null, 2, 1)]).toEqual([undefined, undefined])
  })
})

test('memory has a level for each threshold reached', () => {
  const levels = [199.9, 200, 299.9, 300, 499.9, 500].map(mb => memoryLevel(mb, DEFAULT_THRESHOLDS))
  expect(levels).toEqual([0, 1, 1, 2, 2, 3])
  expect(([0, 1, 2, 3] as const).map(memoryTone)).toEqual(['ok', 'info', 'warn', 'error'])
})

test('a backoff is recent while it is younger than the badge', () => {
  const ages = [0, 119_999, 120_000, -5_000]
  expect(ages.map(age => backedOffRecently(1e12 - age, 1e12, DEFAULT_THRESHOLDS))).toEqual([
    true,
    true,
    false,
    true,
  ])
  expect(backedOffRecently(null, 1e12, DEFAULT_THRESHOLDS)).toBe(false)
})
