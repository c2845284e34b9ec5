// "At most N in any W seconds", per key: the times of the last N are remembered, and a new one is let in when the oldest of
// them is out of the window. Exact (no burst at a window's edge), without timers, and bounded in keys.

/** `count` is 1 or more. */
export type WindowLimit = { readonly count: number; readonly windowMs: number }

/** A key past this bound pushes out the one that was let in longest ago. */
const MAX_KEYS = 10_000

export class SlidingWindow {
  /** Key → times let in, oldest first. Map order is the order of the last entry, so the idle keys come first. */
  readonly #times = new Map<string, number[]>()

  constructor(readonly maxKeys: number = MAX_KEYS) {}

  get keys(): number {
    return this.#times.size
  }

  /** Milliseconds until one more would be let in; 0 = now. Changes nothing. */
  waitMs(key: string, limit: WindowLimit, nowMs: number): number {
    const times = this.#times.get(key)
    if (times === undefined || times.length < limit.count) return 0
    const oldest = times[times.length - limit.count]
    return oldest === undefined ? 0 : Math.max(0, oldest + limit.windowMs - nowMs)
  }

  /** How many of the window are taken, and in how many milliseconds the oldest of them leaves it (0: none is). */
  usage(
    key: string,
    limit: WindowLimit,
    nowMs: number,
  ): { readonly used: number; readonly freeInMs: number } {
    const within = (this.#times.get(key) ?? []).filter(at => at > nowMs - limit.windowMs)
    const [oldest] = within
    return { used: within.length, freeInMs: oldest === undefined ? 0 : oldest + limit.windowMs - nowMs }
  }

  /** Counts one for the key. */
  add(key: string, limit: WindowLimit, nowMs: number): void {
    const times = [...(this.#times.get(key) ?? []), nowMs]
    this.#times.delete(key)
    this.#times.set(key, times.slice(-limit.count))
    this.#forget(nowMs - limit.windowMs)
  }

  /** Lets go of keys that have been idle for a window, and of the idlest when there are too many. */
  #forget(from: number): void {
    for (const [key, times] of this.#times) {
      const idle = (times.at(-1) ?? 0) <= from
      if (!idle && this.#times.size <= this.maxKeys) return
      this.#times.delete(key)
    }
  }
}
