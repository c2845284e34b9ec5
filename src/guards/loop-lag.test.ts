import { describe, expect, test } from 'vitest'
import { LoopLag } from './loop-lag.js'

/** A loop on a simulated clock; `holdMs` delays its next timer. */
function simulated() {
  let nowMs = 0
  let utilization = 0
  let next: { atMs: number; run: () => void } | null = null
  const lag = new LoopLag({
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    timers: {
      after: (ms, run) => {
        const timer = { atMs: nowMs + ms, run }
        next = timer
        return () => {
          if (next === timer) next = null
        }
      },
    },
    utilization: () => utilization,
  })
  return {
    lag,
    busy: (part: number) => {
      utilization = part
    },
    /** Runs the next timer, `lateMs` late; false: there is none. */
    wake: (lateMs = 0): boolean => {
      if (next === null) return false
      const { atMs, run } = next
      next = null
      nowMs = atMs + lateMs
      run()
      return true
    },
    nowMs: () => nowMs,
  }
}

/** Samples in the next simulated `ms`. */
function samplesIn(loop: ReturnType<typeof simulated>, ms: number): number {
  const endMs = loop.nowMs() + ms
  let count = 0
  while (loop.nowMs() < endMs && loop.wake()) count++
  return count
}

describe('the lag of the event loop', () => {
  test('an idle loop is sampled once a second, a busy one every 20 ms, and an idle one again', () => {
    const loop = simulated()
    expect(samplesIn(loop, 60_000)).toBe(60)
    loop.busy(0.5)
    loop.wake()
    expect(samplesIn(loop, 10_000)).toBe(500)
    loop.busy(0.01)
    samplesIn(loop, 1_000)
    expect(samplesIn(loop, 60_000)).toBe(60)
  })

  test('counts how late a timer was, not how long it waited', () => {
    const loop = simulated()
    loop.wake()
    expect(loop.lag.takeWorstMs()).toBe(0)
    loop.wake(700)
    loop.wake(3)
    expect(loop.lag.takeWorstMs()).toBe(700)
    expect(loop.lag.takeWorstMs()).toBe(0)
  })

  test('statistics cover the samples since they were last read', () => {
    const loop = simulated()
    expect(loop.lag.takeStatistics()).toBeNull()
    for (let i = 0; i < 99; i++) loop.wake(10)
    loop.wake(1_000)
    const statistics = loop.lag.takeStatistics()
    expect(statistics?.lastSec).toBe(1)
    expect(statistics?.maxSec).toBeCloseTo(1, 2)
    expect(statistics?.p50Sec).toBeCloseTo(0.01, 4)
    expect(statistics?.minSec).toBeCloseTo(0.01, 4)
    expect(statistics?.meanSec).toBeCloseTo(0.0199, 4)
    expect(loop.lag.takeStatistics()).toEqual(statistics)
    loop.wake()
    expect(loop.lag.takeStatistics()?.maxSec).toBeLessThan(0.001)
  })

  test('stops', () => {
    const loop = simulated()
    loop.lag.stop()
    expect(loop.wake()).toBe(false)
  })

  test('sees a loop that was really held', async () => {
    const lag = new LoopLag()
    try {
      const untilMs = performance.now() + 1_400
      while (performance.now() < untilMs);
      await new Promise(resolve => setImmediate(resolve))
      await new Promise(resolve => setImmediate(resolve))
      expect(lag.takeWorstMs()).toBeGreaterThanOrEqual(300)
    } finally {
      lag.stop()
    }
  })
})
