// The intervals of a loop: refreshes since its first cycle, as far as a cycle ran in them. What ends after N cycles, or comes after
// N without a change, counts these: a busy status starts many cycles in one interval.

/** Sums of refreshes are not exact. */
const TOLERANCE_MS = 1

export class Intervals {
  #beganMs: number | null = null
  #number = 1

  /** The number of the interval of a cycle at `atMs`; the first cycle begins number 1. Intervals without a cycle do not count. */
  at(atMs: number, refreshMs: number): number {
    this.#beganMs ??= atMs
    const passed = Math.floor((atMs + TOLERANCE_MS - this.#beganMs) / refreshMs)
    if (passed > 0) {
      this.#number++
      this.#beganMs += passed * refreshMs
    }
    return this.#number
  }

  /** When interval `number` begins, should none be missed; infinitely late before the first cycle. */
  beginsAtMs(number: number, refreshMs: number): number {
    if (this.#beganMs === null) return Number.POSITIVE_INFINITY
    return this.#beganMs + (number - this.#number) * refreshMs
  }
}
