// The loop's statistics: what changed, how often nothing did, how long panels took. A pure accumulator: time comes in.
import type { Board } from '../board/board.js'
import type { LoopStats, PanelTiming } from './cycle.js'

const WINDOW_SEC = 300
/** Build times kept per panel, for mean + 4 σ and the 95th percentile. */
const SAMPLES = 100
const ANOMALY_SIGMAS = 4
/** Fewer samples say nothing about what is normal. */
const ANOMALY_MIN_SAMPLES = 20

/** The last build times of one panel. */
class Timing {
  calls = 0
  totalMs = 0
  readonly #samples: number[] = []

  /** Returns whether this build took unusually long against the ones before it. */
  add(ms: number): boolean {
    const unusual = this.#isUnusual(ms)
    this.calls++
    this.totalMs += ms
    this.#samples[(this.calls - 1) % SAMPLES] = ms
    return unusual
  }

  #isUnusual(ms: number): boolean {
    const n = this.#samples.length
    if (n < ANOMALY_MIN_SAMPLES) return false
    let sum = 0
    let squares = 0
    for (const sample of this.#samples) {
      sum += sample
      squares += sample * sample
    }
    const mean = sum / n
    return ms > mean + ANOMALY_SIGMAS * Math.sqrt(Math.max(0, squares / n - mean * mean))
  }

  summary(): PanelTiming {
    const sorted = [...this.#samples].sort((a, b) => a - b)
    const p95Ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0
    return {
      avgMs: this.calls === 0 ? 0 : this.totalMs / this.calls,
      p95Ms,
      totalMs: this.totalMs,
      calls: this.calls,
    }
  }
}

/** Panels compared and found unchanged, second by second, over the last five minutes; whole numbers, so sums stay exact. */
class Window {
  readonly #compared = new Float64Array(WINDOW_SEC)
  readonly #unchanged = new Float64Array(WINDOW_SEC)
  #comparedSum = 0
  #unchangedSum = 0
  #second = 0

  add(nowMs: number, compared: number, unchanged: number): void {
    const second = Math.floor(nowMs / 1000)
    const passed = Math.min(WINDOW_SEC, Math.max(0, second - this.#second))
    for (let i = 1; i <= passed; i++) {
      const slot = (this.#second + i) % WINDOW_SEC
      this.#add(slot, -(this.#compared[slot] ?? 0), -(this.#unchanged[slot] ?? 0))
    }
    this.#second = Math.max(this.#second, second)
    this.#add(this.#second % WINDOW_SEC, compared, unchanged)
  }

  #add(slot: number, compared: number, unchanged: number): void {
    this.#compared[slot] = (this.#compared[slot] ?? 0) + compared
    this.#unchanged[slot] = (this.#unchanged[slot] ?? 0) + unchanged
    this.#comparedSum += compared
    this.#unchangedSum += unchanged
  }

  ratio(): number | null {
    return this.#comparedSum === 0 ? null : this.#unchangedSum / this.#comparedSum
  }
}

export class Statistics {
  readonly #timings = new Map<string, Timing>()
  readonly #window = new Window()
  /** Sorting samples for percentiles is for whoever looks, not for every cycle. */
  readonly #timing = () =>
    Object.fromEntries([...this.#timings].map(([key, timing]) => [key, timing.summary()]))
  #cycles = 0
  #unchangedCycles = 0
  #missedTicks = 0
  #compared = 0
  #unchangedPanels = 0
  #totalUpdates = 0
  #lastUpdates = 0
  #churnRatio = 0
  #streak = 0
  #churnAnomalies = 0

  constructor(readonly startedAtMs: number) {}

  missed(ticks: number): void {
    this.#missedTicks += ticks
  }

  /** Returns whether the build took unusually long (mean + 4 σ of the panel's last 100). */
  panelBuilt(key: string, ms: number): boolean {
    const known = this.#timings.get(key)
    if (known !== undefined) return known.add(ms)
    const timing = new Timing()
    this.#timings.set(key, timing)
    return timing.add(ms)
  }

  /** Counts a finished cycle; the first board of all is compared with nothing. */
  cycle(previous: Board, board: Board, churnWarnRatio: number, monotonicMs: number): void {
    this.#cycles++
    const first = previous.generation === 0
    const updates = first ? 0 : board.changed.length + board.removed.length
    const compared = first ? 0 : board.panels.size + board.removed.length
    if (updates === 0 && !first) this.#unchangedCycles++
    this.#lastUpdates = updates
    this.#totalUpdates += updates
    this.#compared += compared
    this.#unchangedPanels += compared - updates
    this.#window.add(monotonicMs, compared, compared - updates)
    this.#churnRatio = compared === 0 ? 0 : updates / compared
    const high = compared > 0 && this.#churnRatio >= churnWarnRatio
    this.#streak = high ? this.#streak + 1 : 0
    if (high) this.#churnAnomalies++
  }

  snapshot(lastCycleMs: number, ingest?: LoopStats['ingest']): LoopStats {
    const stats: LoopStats = {
      cycles: this.#cycles,
      unchangedCycles: this.#unchangedCycles,
      missedTicks: this.#missedTicks,
      hitRatio: this.#compared === 0 ? null : this.#unchangedPanels / this.#compared,
      hitRatio5m: this.#window.ratio(),
      totalPanelUpdates: this.#totalUpdates,
      lastCycleUpdates: this.#lastUpdates,
      churnRatio: this.#churnRatio,
      highChurnStreak: this.#streak,
      churnAnomalies: this.#churnAnomalies,
      lastCycleMs,
      startedAtMs: this.startedAtMs,
      timing: this.#timing,
    }
    return ingest === undefined ? stats : { ...stats, ingest }
  }
}
