import { describe, expect, test } from 'vitest'
import type { BadReading, GoodReading } from '../snapshot/reading.js'
import { afterReading, NOTHING_REPORTED, type Reported, reportDelayMs } from './reporting.js'

const GRACE_MS = 1_000
const good: GoodReading = { ok: true, status: {}, readAtMs: 0, modifiedAtMs: 0, sizeBytes: 2 }
const bad = (message: string): BadReading => ({ ok: false, error: 'not_json', message, readAtMs: 0 })
const reported = (reading: Reported['reading'], atMs: number): Reported => ({
  reading,
  atMs,
  failingSinceMs: null,
})

/** The delay for a reading that first failed at `sinceMs`. */
function waitFor(
  state: Reported,
  reading: BadReading,
  sinceMs: number,
  nowMs: number,
  isBeingWritten = false,
) {
  return reportDelayMs(afterReading(state, reading, sinceMs), reading, nowMs, GRACE_MS, isBeingWritten)
}

describe('a bad reading', () => {
  test('after a good one is reported once the file was broken for the whole grace period', () => {
    const before = reported(good, 0)
    expect(waitFor(before, bad('it is empty'), 5_000, 5_000)).toBe(1_000)
    expect(waitFor(before, bad('it is empty'), 5_000, 5_400)).toBe(600)
    expect(waitFor(before, bad('it is empty'), 5_000, 6_000)).toBe(0)
  })

  test('is delayed from when the file broke, also when the fault changes', () => {
    const first = afterReading(reported(good, 0), bad('it is empty'), 5_000)
    expect(waitFor(first, bad('half'), 5_900, 5_900)).toBe(100)
  })

  test('is delayed in full again after a good reading', () => {
    const broken = afterReading(reported(good, 0), bad('it is empty'), 5_000)
    expect(waitFor(afterReading(broken, good, 5_300), bad('it is empty'), 6_000, 6_000)).toBe(1_000)
  })

  test('before anything else is reported at once, unless the file is being written', () => {
    expect(waitFor(NOTHING_REPORTED, bad('it is empty'), 0, 0)).toBe(0)
    expect(waitFor(NOTHING_REPORTED, bad('it is empty'), 0, 0, true)).toBe(1_000)
    expect(waitFor(NOTHING_REPORTED, bad('it is empty'), 0, 1_000, true)).toBe(0)
  })

  test('equal to the last one is never reported', () => {
    expect(waitFor(reported(bad('it is empty'), 0), bad('it is empty'), 0, 99_999)).toBeNull()
  })

  test('with another fault is reported, once per grace period', () => {
    const before = reported(bad('it is empty'), 5_000)
    expect(waitFor(before, bad('half'), 0, 5_200)).toBe(800)
    expect(waitFor(before, bad('half'), 0, 6_000)).toBe(0)
    expect(waitFor(before, { ...bad('it is empty'), error: 'io' }, 0, 5_200)).toBe(800)
  })
})
