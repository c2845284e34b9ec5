// Limits the rate of drawing: at once when the last frame is old enough, else as soon as it is. Always from a timer, so that
// drawing never runs inside a cycle of the loop.
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

  request(): void {
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
