// Timers that fire when the test says so.
import type { Timers } from '../../../src/clock/timers.js'

export type FakeTimers = Timers & {
  readonly nowMs: () => number
  /** Advances the time by so much; due timers fire in order. */
  advance(ms: number): void
  pending(): number
}

export function fakeTimers(startMs = 0): FakeTimers {
  let now = startMs
  let next = 1
  const due = new Map<number, { readonly atMs: number; readonly run: () => void }>()
  return {
    nowMs: () => now,
    after(ms, run) {
      const id = next++
      due.set(id, { atMs: now + Math.max(0, ms), run })
      return () => due.delete(id)
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const [first] = [...due.entries()]
          .filter(([, { atMs }]) => atMs <= end)
          .sort((a, b) => a[1].atMs - b[1].atMs)
        if (first === undefined) break
        due.delete(first[0])
        now = Math.max(now, first[1].atMs)
        first[1].run()
      }
      now = end
    },
    pending: () => due.size,
  }
}
