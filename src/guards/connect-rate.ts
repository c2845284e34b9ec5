// Guard 7: new streams per address in a sliding window.
import { SlidingWindow } from './sliding-window.js'

/** A count of 0 means no limit. */
export type ConnectLimit = { readonly count: number; readonly windowSec: number }

export class ConnectRate {
  readonly #window = new SlidingWindow()

  /** 0: accepted and counted. Else refused: the milliseconds to wait. */
  connect(addressKey: string, limit: ConnectLimit, nowMs: number): number {
    if (limit.count === 0) return 0
    const window = { count: limit.count, windowMs: limit.windowSec * 1000 }
    const waitMs = this.#window.waitMs(addressKey, window, nowMs)
    if (waitMs === 0) this.#window.add(addressKey, window, nowMs)
    return waitMs
  }
}
