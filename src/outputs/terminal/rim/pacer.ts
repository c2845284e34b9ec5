// When to draw: at once when nothing was drawn lately, else as soon as the pace allows, and then the newest. Never inside
// the loop's cycle, so drawing is not part of it.
import { systemTimers, type Timers } from '../../../clock/timers.js'

/** 10 frames a second. */
export const FRAME_GAP_MS = 100

export class Pacer {
  #cancelWait: (() => void) | null = null
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly draw: () => void,
    private readonly monotonicMs: () => number,
    private readonly timers: Timers = systemTimers,
  ) {}

  /** Something changed. */
  want(): void {
    if (this.#cancelWait !== null) return
    const waitMs = Math.max(0, this.#lastMs + FRAME_GAP_MS - this.monotonicMs())
    this.#cancelWait = this.timers.after(waitMs, () => {
      this.#cancelWait = null
      this.#lastMs = this.monotonicMs()
      this.draw()
    })
  }

  stop(): void {
    this.#cancelWait?.()
    this.#cancelWait = null
  }
}
