// A clock that a test advances, and the timers that follow it.
import type { Clock } from '../../src/clock/clock.js'
import type { Timers } from '../../src/clock/timers.js'

export type OwnTime = {
  readonly clock: Clock
  readonly timers: Timers
  /** Timers that are waiting. */
  readonly waiting: () => number
  /** Runs the timers that fall due, in order. */
  pass(ms: number): void
}

export function ownTime(): OwnTime {
  let nowMs = 0
  const waiting = new Set<{ readonly atMs: number; readonly run: () => void }>()
  return {
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    timers: {
      after: (ms, run) => {
        const one = { atMs: nowMs + ms, run }
        waiting.add(one)
        return () => waiting.delete(one)
      },
    },
    waiting: () => waiting.size,
    pass: ms => {
      const untilMs = nowMs + ms
      for (;;) {
        const [next] = [...waiting].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        waiting.delete(next)
        nowMs = next.atMs
        next.run()
      }
      nowMs = untilMs
    },
  }
}
