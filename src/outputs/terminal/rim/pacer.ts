// When to draw: at once when nothing was drawn lately, else as soon as the pace allows, and then the newest. Never inside
// the loop's cycle, so drawing is not part of it.
import type { Timers } from '../keys/reader.js'
import { realTimers } from '../keys/reader.js'

/** 10 frames a second. */
export const FRAME_GAP_MS = 100

export class Pacer {
  #waiting: unknown = null
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly draw: () => void,
    private readonly monotonicMs: () => number,
    private readonly timers: Timers = realTimers,
  ) {}

  /** Something changed. */
  want(): void {
    if (this.#waiting !== null) return
    const waitMs = Math.max(0, this.#lastMs + FRAME_GAP_MS - this.monotonicMs())
    this.#waiting = this.timers.set(() => {
      this.#waiting = null
      this.#lastMs = this.monotonicMs()
      this.draw()
    }, waitMs)
  }

  stop(): void {
    if (this.#waiting !== null) this.timers.clear(this.#waiting)
    this.#waiting = null
  }
}
