import { describe, expect, test } from 'vitest'
import { type Failures, failedAgain, isResting, REST_MS } from './rest.js'

const afterFailures = (count: number, atMs: number): Failures | undefined => {
  let failures: Failures | undefined
  for (let i = 0; i < count; i++) failures = failedAgain(failures, atMs)
  return failures
}

describe('a failing panel', () => {
  test('rests after the third failure in a row, not before', () => {
    expect([0, 1, 2, 3, 4].map(count => isResting(afterFailures(count, 0), 1))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
  })

  test('rests for 30 s', () => {
    const failures = afterFailures(3, 1_000)
    expect([1_000, 1_000 + REST_MS - 1, 1_000 + REST_MS].map(now => isResting(failures, now))).toEqual([
      true,
      true,
      false,
    ])
    expect(REST_MS).toBe(30_000)
  })

  test('rests again at once when its next chance fails too', () => {
    const failures = failedAgain(afterFailures(3, 0), REST_MS)
    expect(isResting(failures, REST_MS + 1)).toBe(true)
  })

  test('does not rest for ever when the clock is set back', () => {
    expect(isResting(afterFailures(3, 1_000_000), 0)).toBe(false)
  })
})
