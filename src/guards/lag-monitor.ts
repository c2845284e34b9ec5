// Measures how late the event loop is, and decides about shedding. Owns a native histogram and one timer.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../clock/clock.js'
import { type LagState, NO_LAG, stepLag } from './lag.js'

const SAMPLE_EVERY_MS = 1_000
/** Of the histogram's own timer; its values include this much even without lag. */
const RESOLUTION_MS = 50

export type LagMonitor = {
  /** Whether to refuse new streams. */
  refusing(): boolean
  stop(): void
}

/** `takeWorstMs`: the worst lag since the last call. `stop` frees it. */
export type LagGauge = { takeWorstMs(): number; stop(): void }

function eventLoopLag(): LagGauge {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return {
    takeWorstMs: () => {
      const worstMs = histogram.max / 1e6 - RESOLUTION_MS
      histogram.reset()
      return Math.max(0, worstMs)
    },
    stop: () => {
      histogram.disable()
    },
  }
}

/** Samples once a second until stopped. `limitMs` is read at each sample, so a reload takes effect. */
export function watchLag(parts: {
  readonly limitMs: () => number
  /** Called when a part of the streams is to be ended. */
  readonly shed: () => void
  readonly clock: Clock
  readonly gauge?: LagGauge
  readonly every?: (ms: number, run: () => void) => () => void
}): LagMonitor {
  const { clock, gauge = eventLoopLag(), every = everyMs } = parts
  let state: LagState = NO_LAG
  let lastMs = clock.monotonicMs()
  const stopTimer = every(SAMPLE_EVERY_MS, () => {
    const nowMs = clock.monotonicMs()
    const step = stepLag(state, gauge.takeWorstMs(), parts.limitMs(), nowMs, nowMs - lastMs)
    lastMs = nowMs
    state = step.state
    if (step.shed) parts.shed()
  })
  return {
    refusing: () => state.refusing,
    stop: () => {
      stopTimer()
      gauge.stop()
    },
  }
}

function everyMs(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  timer.unref()
  return () => clearInterval(timer)
}
