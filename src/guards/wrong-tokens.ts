// Guard 4, continued: guessing is slowed down per address. Only wrong tokens are counted and refused; a right one always
// passes, so nobody can lock another out from a shared address.
import { SlidingWindow } from './sliding-window.js'

const LIMIT = { count: 10, windowMs: 60_000 }

export class WrongTokens {
  readonly #window = new SlidingWindow()

  /** Counts a wrong token; returns after how many ms the address may be wrong again, or 0 when it may be now. */
  count(addressKey: string, nowMs: number): number {
    const waitMs = this.#window.waitMs(addressKey, LIMIT, nowMs)
    if (waitMs === 0) this.#window.add(addressKey, LIMIT, nowMs)
    return waitMs
  }
}
