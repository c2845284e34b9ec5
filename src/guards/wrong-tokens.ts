// Guard 4, continued: limits guesses per address. Only wrong tokens are counted and refused; a right one always passes, so a client
// cannot lock out others at a shared address.
import { SlidingWindow } from './sliding-window.js'

const LIMIT = { count: 10, windowMs: 60_000 }

export class WrongTokens {
  readonly #window = new SlidingWindow()

  /** Counts a wrong token. Returns 0 below the limit, else the milliseconds to wait. */
  count(addressKey: string, nowMs: number): number {
    const waitMs = this.#window.waitMs(addressKey, LIMIT, nowMs)
    if (waitMs === 0) this.#window.add(addressKey, LIMIT, nowMs)
    return waitMs
  }
}
