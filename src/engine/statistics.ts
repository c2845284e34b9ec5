// The loop's statistics: what changed, how often nothing did, how long panels took. Pure: time comes in as a number.
import type { Board } from '../board/board.js'
import type { LoopStats, PanelTiming } from './cycle.js'

const WINDOW_SEC = 300
/** Build times kept per panel, for mean + 4 σ and the 95th percentile. */
const SAMPLES = 100
const ANOMALY_SIGMAS = 4
/** With fewer samples nobody knows what is normal. */
const ANOMALY_MIN_SAMPLES = 20

/** The last build times of one panel. */
class Timing {
  calls = 0
  totalMs = 0
  readonly #samples: number[] = []

  /** Returns whether this build took unusually long compared with those before it. */
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

/** A part of a whole, per second, over the last five minutes. Whole numbers, so that sums stay exact. */
class Window {
  readonly #wholes = new Float64Array(WINDOW_SEC)
  readonly #parts = new Float64Array(WINDOW_SEC)
  #wholeSum = 0
  #partSum = 0
  #second = 0

  add(nowMs: number, whole: number, part: number): void {
    const second = Math.floor(nowMs / 1000)
    const passed = Math.min(WINDOW_SEC, Math.max(0, second - this.#second))
    for (let i = 1; i <= passed; i++) {
      const slot = (this.#second + i) % WINDOW_SEC
      this.#add(slot, -(this.#wholes[slot] ?? 0), -(this.#parts[slot] ?? 0))
    }
    this.#second = Math.max(this.#second, second)
    this.#add(this.#second % WINDOW_SEC, whole, part)
  }

  #add(slot: number, whole: number, part: number): void {
    this.#wholes[slot] = (this.#wholes[slot] ?? 0) + whole
    this.#parts[slot] = (this.#parts[slot] ?? 0) + part
    this.#wholeSum += whole
    this.#partSum += part
  }

  /** `more` is added to both. */
  ratio(more = 0): number | null {
    const whole = this.#wholeSum + more
    return whole === 0 ? null : (this.#partSum + more) / whole
  }
}

/** A cycle without a change, and until when a change replaces it; `streak`: before that cycle. */
type Quiet = {
  readonly atMs: number
  readonly untilMs: number
  readonly compared: number
  readonly streak: number
}

export class Statistics {
  readonly #timings = new Map<string, Timing>()
  readonly #hits = new Window()
  /** Changed panels over compared ones, in cycles that changed anything. */
  readonly #changes = new Window()
  /** The newest cycle, while a change may still replace it. */
  #quiet: Quiet | null = null
  /** Sorts samples for percentiles, so it runs when it is called, not in every cycle. */
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

  /**
   * Counts a finished cycle; the first board is compared with nothing. `graceMs`: a change within this time replaces a cycle without
   * a change. Otherwise a writer that writes every refresh, and is sometimes a moment later than the timer, would count as idle.
   */
  cycle(previous: Board, board: Board, churnWarnRatio: number, monotonicMs: number, graceMs = 0): void {
    const first = previous.generation === 0
    const updates = first ? 0 : board.changed.length + board.removed.length
    const compared = first ? 0 : board.panels.size + board.removed.length
    const quiet = this.#quiet
    this.#quiet = null
    if (quiet !== null) {
      if (updates > 0 && monotonicMs < quiet.untilMs) this.#streak = quiet.streak
      else this.#count(quiet.atMs, quiet.compared, 0)
    }
    if (graceMs > 0 && updates === 0 && !first)
      this.#quiet = { atMs: monotonicMs, untilMs: monotonicMs + graceMs, compared, streak: this.#streak }
    else this.#count(monotonicMs, compared, updates, first)
    this.#lastUpdates = updates
    this.#churnRatio = compared === 0 ? 0 : updates / compared
    const high = compared > 0 && this.#churnRatio >= churnWarnRatio
    this.#streak = high ? this.#streak + 1 : 0
    if (high) this.#churnAnomalies++
  }

  #count(atMs: number, compared: number, updates: number, first = false): void {
    this.#cycles++
    if (updates === 0 && !first) this.#unchangedCycles++
    this.#totalUpdates += updates
    this.#compared += compared
    this.#unchangedPanels += compared - updates
    this.#hits.add(atMs, compared, compared - updates)
    this.#changes.add(atMs, updates > 0 ? compared : 0, updates)
  }

  /** `intervals`: of the loop so far. */
  snapshot(lastCycleMs: number, ingest?: LoopStats['ingest'], intervals = 1): LoopStats {
    const quietCycles = this.#quiet === null ? 0 : 1
    const quietPanels = this.#quiet?.compared ?? 0
    const compared = this.#compared + quietPanels
    const stats: LoopStats = {
      cycles: this.#cycles + quietCycles,
      unchangedCycles: this.#unchangedCycles + quietCycles,
      intervals,
      missedTicks: this.#missedTicks,
      hitRatio: compared === 0 ? null : (this.#unchangedPanels + quietPanels) / compared,
      hitRatio5m: this.#hits.ratio(quietPanels),
      changeRatio5m: this.#changes.ratio(),
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
