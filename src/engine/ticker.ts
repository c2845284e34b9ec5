// What keeps a loop going while nothing happens: a turn every refresh, on the drift-free grid of schedule.ts. Owns its timer.
import { nextTick } from './schedule.js'

export type TickerOptions = {
  /** Read before each wait, so a reload takes effect. */
  readonly refreshMs: () => number
  readonly monotonicMs: () => number
  /** Told when the turn was due: timers may be early. */
  readonly onTick: (dueMs: number) => void
  /** Told how many turns could not be kept. */
  readonly onMissed: (ticks: number) => void
  /** A turn comes at this time, when the grid has none before it. */
  readonly lastTurnMs: () => number
}

export class Ticker {
  #dueMs = 0
  #timer: NodeJS.Timeout | null = null

  constructor(private readonly options: TickerOptions) {}

  /** The first turn is one refresh from now. Nothing when it runs already. */
  start(): void {
    if (this.#timer === null) this.restart()
  }

  /** The grid begins again: the next turn is one refresh from now. */
  restart(): void {
    this.stop()
    const { refreshMs, monotonicMs } = this.options
    this.#waitUntil(monotonicMs() + refreshMs())
  }

  /** For good or until the next start. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #waitUntil(dueMs: number): void {
    const { monotonicMs, lastTurnMs } = this.options
    this.#dueMs = Math.min(dueMs, lastTurnMs())
    this.#timer = setTimeout(() => this.#tick(), this.#dueMs - monotonicMs())
  }

  #tick(): void {
    const { refreshMs, monotonicMs, onTick, onMissed } = this.options
    const timer = this.#timer
    onTick(this.#dueMs)
    // The turn may have been the last, or have begun a new grid.
    if (this.#timer === null || this.#timer !== timer) return
    const next = nextTick(this.#dueMs, refreshMs(), monotonicMs())
    onMissed(next.missed)
    this.#waitUntil(next.atMs)
  }
}
