// How late the event loop runs its timers: the only sampler of the process, for shedding and for the metrics alike.
//
// A sampler that wakes an idle process 50 times a second costs more than the process itself. So it samples once a second while
// the loop is mostly idle, and every 20 ms while it is busy. A single short stop of an idle loop may fall between two samples.
import { createHistogram, performance } from 'node:perf_hooks'
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { LagGauge } from './lag.js'

const CALM_EVERY_MS = 1_000
const BUSY_EVERY_MS = 20
/** The loop is busy when the process works for more than this part of the time. */
const BUSY_FROM = 0.05
const NS_PER_MS = 1e6
const NS_PER_SEC = 1e9

/** Of the samples since the last reading, seconds. */
export type LagStatistics = {
  readonly lastSec: number
  readonly minSec: number
  readonly maxSec: number
  readonly meanSec: number
  readonly stddevSec: number
  readonly p50Sec: number
  readonly p90Sec: number
  readonly p99Sec: number
}

export type LoopLagParts = {
  readonly clock?: Clock
  readonly timers?: Timers
  /** The part of the time since the last call in which the process worked. */
  readonly utilization?: () => number
}

/** By processor time: a loop that waits for a busy machine is not busy itself. */
function processorPart(): () => number {
  let [cpu, atMs] = [process.cpuUsage(), performance.now()]
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    const nowMs = performance.now()
    const part = (user + system) / 1_000 / Math.max(1, nowMs - atMs)
    ;[cpu, atMs] = [process.cpuUsage(), nowMs]
    return part
  }
}

export class LoopLag implements LagGauge {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #utilization: () => number
  readonly #samples = createHistogram()
  readonly #eachSecond = new Set<() => void>()
  #statistics: LagStatistics | null = null
  #everyMs = CALM_EVERY_MS
  #judgedAtMs: number
  #lastMs = 0
  #worstMs = 0
  #cancel: () => void

  constructor({ clock = systemClock, timers = systemTimers, utilization }: LoopLagParts = {}) {
    this.#clock = clock
    this.#timers = timers
    this.#utilization = utilization ?? processorPart()
    this.#judgedAtMs = clock.monotonicMs()
    this.#cancel = this.#sampleNext()
  }

  takeWorstMs(): number {
    const worstMs = this.#worstMs
    this.#worstMs = 0
    return worstMs
  }

  /** The ones before when there was no sample since; null before the first sample. */
  takeStatistics(): LagStatistics | null {
    const samples = this.#samples
    if (samples.count === 0) return this.#statistics
    const percentileSec = (percent: number): number => samples.percentile(percent) / NS_PER_SEC
    this.#statistics = {
      lastSec: this.#lastMs / 1_000,
      minSec: samples.min / NS_PER_SEC,
      maxSec: samples.max / NS_PER_SEC,
      meanSec: samples.mean / NS_PER_SEC,
      stddevSec: samples.stddev / NS_PER_SEC,
      p50Sec: percentileSec(50),
      p90Sec: percentileSec(90),
      p99Sec: percentileSec(99),
    }
    samples.reset()
    return this.#statistics
  }

  stop(): void {
    this.#cancel()
  }

  everySecond(run: () => void): () => void {
    this.#eachSecond.add(run)
    return () => this.#eachSecond.delete(run)
  }

  #sampleNext(): () => void {
    const dueMs = this.#clock.monotonicMs() + this.#everyMs
    return this.#timers.after(this.#everyMs, () => this.#sample(dueMs))
  }

  #sample(dueMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#lastMs = Math.max(0, nowMs - dueMs)
    this.#worstMs = Math.max(this.#worstMs, this.#lastMs)
    // The histogram takes no zero.
    this.#samples.record(Math.max(1, Math.round(this.#lastMs * NS_PER_MS)))
    if (nowMs - this.#judgedAtMs >= CALM_EVERY_MS) {
      this.#judgedAtMs = nowMs
      this.#everyMs = this.#utilization() > BUSY_FROM ? BUSY_EVERY_MS : CALM_EVERY_MS
      for (const run of this.#eachSecond) run()
    }
    this.#cancel = this.#sampleNext()
  }
}
