// Shedding: what to do when the event loop cannot keep up. `stepLag` is pure: samples of the lag come in, decisions go out.
// `watchLag` takes them from a gauge (loop-lag.ts), once a second.
import type { Clock } from '../clock/clock.js'

/** Refuse new streams after the loop has lagged this long without a break. */
const REFUSE_AFTER_MS = 5_000
/** End a part of the streams each time the loop has lagged this long. */
const SHED_EVERY_MS = 15_000

export type LagState = {
  /** Since when the lag has been over the limit without a break; null: it is not. */
  readonly sinceMs: number | null
  /** How often streams were to be shed since then. */
  readonly shedCount: number
  readonly refusing: boolean
}

export const NO_LAG: LagState = { sinceMs: null, shedCount: 0, refusing: false }

/**
 * `lagMs` is the worst lag since the last sample, which was `sampleMs` ago; `limitMs` 0 = never shed.
 * `shed`: end a part of the streams now.
 */
export function stepLag(
  state: LagState,
  lagMs: number,
  limitMs: number,
  nowMs: number,
  sampleMs: number,
): { readonly state: LagState; readonly shed: boolean } {
  if (limitMs === 0 || lagMs <= limitMs) return { state: NO_LAG, shed: false }
  const sinceMs = state.sinceMs ?? nowMs - sampleMs
  const lastedMs = nowMs - sinceMs
  const shedCount = Math.floor(lastedMs / SHED_EVERY_MS)
  const next = { sinceMs, shedCount, refusing: lastedMs >= REFUSE_AFTER_MS }
  return { state: next, shed: shedCount > state.shedCount }
}

const SAMPLE_EVERY_MS = 1_000

export type LagMonitor = {
  /** Whether to refuse new streams. */
  refusing(): boolean
  stop(): void
}

/** `takeWorstMs`: the worst lag since the last call. `stop` ends its timer. */
export type LagGauge = {
  takeWorstMs(): number
  stop(): void
  /** Runs about once a second with its own samples, which saves a timer; returns what ends it. */
  everySecond?(run: () => void): () => void
}

/** Samples once a second until stopped. `limitMs` is read at each sample, so a reload takes effect. */
export function watchLag(parts: {
  readonly limitMs: () => number
  /** Called when a part of the streams is to be ended. */
  readonly shed: () => void
  readonly clock: Clock
  readonly gauge: LagGauge
  readonly every?: (ms: number, run: () => void) => () => void
}): LagMonitor {
  const { clock, gauge, every = (ms, run) => gauge.everySecond?.(run) ?? everyMs(ms, run) } = parts
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
