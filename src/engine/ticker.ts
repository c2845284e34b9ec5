// What keeps a loop going while nothing happens: a turn every refresh, on the drift-free grid of schedule.ts. Owns its timer.
import { nextTick } from './schedule.js'

export type TickerOptions = {
  /** Read before each wait, so a reload takes effect. */
  readonly refreshMs: () => number
  readonly monotonicMs: () => number
  readonly onTick: () => void
  /** Told how many turns could not be kept. */
  readonly onMissed: (ticks: number) => void
}

export class Ticker {
  #dueMs = 0
  #timer: NodeJS.Timeout | null = null

  constructor(private readonly options: TickerOptions) {}

  /** The first turn is one refresh from now. Nothing when it runs already. */
  start(): void {
    if (this.#timer !== null) return
    const { refreshMs, monotonicMs } = this.options
    this.#dueMs = monotonicMs() + refreshMs()
    this.#timer = setTimeout(() => this.#tick(), refreshMs())
  }

  /** For good or until the next start. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    const { refreshMs, monotonicMs, onTick, onMissed } = this.options
    onTick()
    // The turn may have been the last.
    if (this.#timer === null) return
    const next = nextTick(this.#dueMs, refreshMs(), monotonicMs())
    onMissed(next.missed)
    this.#dueMs = next.atMs
    this.#timer = setTimeout(() => this.#tick(), this.#dueMs - monotonicMs())
  }
}
