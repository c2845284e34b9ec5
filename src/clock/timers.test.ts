import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemTimers } from './timers.js'

const DAY_MS = 86_400_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each([
  ['an hour', DAY_MS / 24],
  ['60 days, more than Node counts in one go', 60 * DAY_MS],
])('a wait of %s ends then and not before', (_, ms) => {
  const run = vi.fn()
  systemTimers.after(ms, run)
  vi.advanceTimersByTime(ms - 1)
  expect(run).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(run).toHaveBeenCalledOnce()
})

test('a long wait can be cancelled in any of its parts', () => {
  const run = vi.fn()
  const cancel = systemTimers.after(60 * DAY_MS, run)
  vi.advanceTimersByTime(30 * DAY_MS)
  cancel()
  vi.advanceTimersByTime(60 * DAY_MS)
  expect(run).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})
