import { expect, test } from 'vitest'
import { agoMs, type Moment, wallTimeOf } from './moment.js'

const at: Moment = { wallMs: 1_000_000, monotonicMs: 500 }
const later = (ms: number, setByMs = 0): Moment => ({
  wallMs: at.wallMs + ms + setByMs,
  monotonicMs: at.monotonicMs + ms,
})

test.each([0, 3_600_000, -3_600_000])(
  'an age stays the same when the wall clock is set (by %d ms)',
  setByMs => {
    expect(agoMs(at, later(7_000, setByMs))).toBe(7_000)
  },
)

test('a moment keeps its time while the clocks only drift, and moves with a clock that was set', () => {
  expect(wallTimeOf(at, later(7_000, 40))).toBe(1_000_000)
  expect(wallTimeOf(at, later(7_000, 3_600_000))).toBe(1_000_000 + 3_600_000)
  expect(wallTimeOf(at, later(7_000, -3_600_000))).toBe(1_000_000 - 3_600_000)
})
