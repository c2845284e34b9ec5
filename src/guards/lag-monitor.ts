// Measures how late the event loop is and keeps the shedding state. Owner of a native histogram and one timer.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../clock/clock.js'
import { type LagState, NO_LAG, stepLag } from './lag.js'

const SAMPLE_EVERY_MS = 1_000
/** The histogram's own timer; its values include this much when nothing is late. */
const RESOLUTION_MS = 50

export type LagMonitor = {
  /** New streams are to be refused. */
  refusing(): boolean
  stop(): void
}

/** The worst lag since the last call, ms; `stop` frees it. */
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
  /** Send readers away now. */
  readonly sendAway: () => void
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
    if (step.sendAway) parts.sendAway()
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
