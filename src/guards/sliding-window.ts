// "At most N in any W seconds", per key: we keep the times of the last N, and accept a new one when the oldest is out of the
// window. Exact (no burst at a window's edge), without timers, and with a limit of keys.

/** `count` is 1 or more. */
export type WindowLimit = { readonly count: number; readonly windowMs: number }

/** Above this limit, drop the key whose last entry is oldest. */
const MAX_KEYS = 10_000

export class SlidingWindow {
  /** Key → times of its entries, oldest first. The map is in the order of the last entries, so idle keys come first. */
  readonly #times = new Map<string, number[]>()

  constructor(readonly maxKeys: number = MAX_KEYS) {}

  get keys(): number {
    return this.#times.size
  }

  /** Milliseconds until one more is accepted; 0: now. Changes nothing. */
  waitMs(key: string, limit: WindowLimit, nowMs: number): number {
    const times = this.#times.get(key)
    if (times === undefined || times.length < limit.count) return 0
    const oldest = times[times.length - limit.count]
    return oldest === undefined ? 0 : Math.max(0, oldest + limit.windowMs - nowMs)
  }

  /** Entries in the window, and the milliseconds until the oldest leaves it (0: there are none). */
  usage(
    key: string,
    limit: WindowLimit,
    nowMs: number,
  ): { readonly used: number; readonly freeInMs: number } {
    const within = (this.#times.get(key) ?? []).filter(at => at > nowMs - limit.windowMs)
    const [oldest] = within
    return { used: within.length, freeInMs: oldest === undefined ? 0 : oldest + limit.windowMs - nowMs }
  }

  /** Counts one for the key when it is accepted now, and returns 0; else returns the milliseconds to wait. */
  take(key: string, limit: WindowLimit, nowMs: number): number {
    const waitMs = this.waitMs(key, limit, nowMs)
    if (waitMs === 0) this.add(key, limit, nowMs)
    return waitMs
  }

  /** Counts one for the key. */
  add(key: string, limit: WindowLimit, nowMs: number): void {
    const times = [...(this.#times.get(key) ?? []), nowMs]
    this.#times.delete(key)
    this.#times.set(key, times.slice(-limit.count))
    this.#forget(nowMs - limit.windowMs)
  }

  /** Drops keys that have been idle for a window, and the idlest ones above the limit. */
  #forget(from: number): void {
    for (const [key, times] of this.#times) {
      const idle = (times.at(-1) ?? 0) <= from
      if (!idle && this.#times.size <= this.maxKeys) return
      this.#times.delete(key)
    }
  }
}
