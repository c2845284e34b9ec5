// The intervals of a loop: refreshes since its first cycle in which a cycle ran. Limits on cycles and heartbeats count intervals,
// since a busy status starts many cycles in one.

/** Rounding errors of added refreshes. */
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

  /** When interval `number` begins if none is missed; infinity before the first cycle. */
  beginsAtMs(number: number, refreshMs: number): number {
    if (this.#beganMs === null) return Number.POSITIVE_INFINITY
    return this.#beganMs + (number - this.#number) * refreshMs
  }
}
