import { describe, expect, test } from 'vitest'
import type { BadReading, GoodReading } from '../snapshot/reading.js'
import { NOTHING_TOLD, newsIn, type Told, withLook } from './telling.js'

const GRACE_MS = 1_000
const good: GoodReading = { ok: true, status: {}, readAtMs: 0, modifiedAtMs: 0, sizeBytes: 2 }
const bad = (message: string): BadReading => ({ ok: false, error: 'not_json', message, readAtMs: 0 })
const told = (reading: Told['reading'], atMs: number): Told => ({ reading, atMs, troubleSinceMs: null })

/** After how long it is news when it is first seen `sinceMs` and looked at now. */
function waitFor(state: Told, reading: BadReading, sinceMs: number, nowMs: number, isBeingWritten = false) {
  return newsIn(withLook(state, reading, sinceMs), reading, nowMs, GRACE_MS, isBeingWritten)
}

describe('a bad reading', () => {
  test('after a good one is news once the file was broken for the whole grace', () => {
    const before = told(good, 0)
    expect(waitFor(before, bad('it is empty'), 5_000, 5_000)).toBe(1_000)
    expect(waitFor(before, bad('it is empty'), 5_000, 5_400)).toBe(600)
    expect(waitFor(before, bad('it is empty'), 5_000, 6_000)).toBe(0)
  })

  test('counts from when the file broke, whatever it was broken by since', () => {
    const first = withLook(told(good, 0), bad('it is empty'), 5_000)
    expect(waitFor(first, bad('half'), 5_900, 5_900)).toBe(100)
  })

  test('counts anew after a good look', () => {
    const broken = withLook(told(good, 0), bad('it is empty'), 5_000)
    expect(waitFor(withLook(broken, good, 5_300), bad('it is empty'), 6_000, 6_000)).toBe(1_000)
  })

  test('before anything else is news at once, unless the file is just being written', () => {
    expect(waitFor(NOTHING_TOLD, bad('it is empty'), 0, 0)).toBe(0)
    expect(waitFor(NOTHING_TOLD, bad('it is empty'), 0, 0, true)).toBe(1_000)
    expect(waitFor(NOTHING_TOLD, bad('it is empty'), 0, 1_000, true)).toBe(0)
  })

  test('that says the same as the last one is never news', () => {
    expect(waitFor(told(bad('it is empty'), 0), bad('it is empty'), 0, 99_999)).toBeNull()
  })

  test('that says something else is news, once in the grace', () => {
    const before = told(bad('it is empty'), 5_000)
    expect(waitFor(before, bad('half'), 0, 5_200)).toBe(800)
    expect(waitFor(before, bad('half'), 0, 6_000)).toBe(0)
    expect(waitFor(before, { ...bad('it is empty'), error: 'io' }, 0, 5_200)).toBe(800)
  })
})
