// Keeps a loop running while nothing happens: one turn per refresh. The turns lie on a fixed grid, so a late cycle does not shift
// the next one; turns that could not be kept are counted, never queued. Owns its timer.

export type NextTick = {
  /** When the next tick is due, on the same clock as the arguments. */
  readonly atMs: number
  /** Ticks of the grid that passed without a cycle. */
  readonly missed: number
}

/** The tick after the one that was due at `dueMs`, seen at `nowMs`. */
export function nextTick(dueMs: number, refreshMs: number, nowMs: number): NextTick {
  const passed = Math.max(0, Math.floor((nowMs - dueMs) / refreshMs))
  return { atMs: dueMs + (passed + 1) * refreshMs, missed: passed }
}

export type TickerOptions = {
  /** Read before each wait, so a reload takes effect. */
  readonly refreshMs: () => number
  readonly monotonicMs: () => number
  /** Gets the time at which the turn was due: timers may be early. */
  readonly onTick: (dueMs: number) => void
  /** Gets the number of turns that could not be kept. */
  readonly onMissed: (ticks: number) => void
  /** A turn comes at this time, when the grid has none before it. */
  readonly lastTurnMs: () => number
}

export class Ticker {
  #dueMs = 0
  #timer: NodeJS.Timeout | null = null

  constructor(private readonly options: TickerOptions) {}

  /** The first turn is one refresh from now. Does nothing when it runs already. */
  start(): void {
    if (this.#timer === null) this.restart()
  }

  /** The grid begins again: the next turn is one refresh from now. */
  restart(): void {
    this.stop()
    const { refreshMs, monotonicMs } = this.options
    this.#waitUntil(monotonicMs() + refreshMs())
  }

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
