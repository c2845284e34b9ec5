import { describe, expect, test } from 'vitest'
import { type Failures, failedAgain, isPaused, PAUSE_MS } from './pause.js'

const afterFailures = (count: number, atMs: number): Failures | undefined => {
  let failures: Failures | undefined
  for (let i = 0; i < count; i++) failures = failedAgain(failures, atMs)
  return failures
}

describe('a failing panel', () => {
  test('is paused after the third failure in a row, not before', () => {
    expect([0, 1, 2, 3, 4].map(count => isPaused(afterFailures(count, 0), 1))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
  })

  test('is paused for 30 s', () => {
    const failures = afterFailures(3, 1_000)
    expect([1_000, 1_000 + PAUSE_MS - 1, 1_000 + PAUSE_MS].map(now => isPaused(failures, now))).toEqual([
      true,
      true,
      false,
    ])
    expect(PAUSE_MS).toBe(30_000)
  })

  test('is paused again at once when its next try fails too', () => {
    const failures = failedAgain(afterFailures(3, 0), PAUSE_MS)
    expect(isPaused(failures, PAUSE_MS + 1)).toBe(true)
  })

  test('is not paused for ever when the clock is set back', () => {
    expect(isPaused(afterFailures(3, 1_000_000), 0)).toBe(false)
  })
})
