// Wrong credentials, counted for each address: after some in a minute, every further request of this address that brings one waits
// before it is checked. A right one waits too, or the wait would tell a guesser which it is; but it passes, so nobody can lock out
// others at a shared address.
import { SlidingWindow } from './sliding-window.js'

const WRONG = { count: 10, windowMs: 60_000 }
/** What each wrong one adds to the wait of the next. */
const STEP_MS = 250
/** Connections have limits of their own, so this bounds what one address can try. */
const MAX_WAIT_MS = 4_000
/** Above this limit, drop the oldest. */
const MAX_KEYS = 10_000

export class Guesses {
  readonly #wrong = new SlidingWindow(MAX_KEYS)
  /** Key → when its next one is checked. */
  readonly #nextAtMs = new Map<string, number>()

  /** Milliseconds until a credential of this address may be checked. */
  waitMs(key: string, nowMs: number): number {
    const nextAtMs = this.#nextAtMs.get(key)
    return nextAtMs === undefined || !this.#isOver(key, nowMs) ? 0 : Math.max(0, nextAtMs - nowMs)
  }

  /** Counts a wrong one. Milliseconds until the address is below the limit again; 0: it is. */
  add(key: string, nowMs: number): number {
    const leftMs = this.#wrong.take(key, WRONG, nowMs)
    // The first one above the limit is refused at once.
    if (leftMs > 0) this.#delay(key, nowMs)
    return leftMs
  }

  #isOver(key: string, nowMs: number): boolean {
    return this.#wrong.waitMs(key, WRONG, nowMs) > 0
  }

  #delay(key: string, nowMs: number): void {
    const nextAtMs = Math.max(this.#nextAtMs.get(key) ?? 0, nowMs) + STEP_MS
    this.#nextAtMs.delete(key)
    this.#nextAtMs.set(key, Math.min(nextAtMs, nowMs + MAX_WAIT_MS))
    for (const oldest of this.#nextAtMs.keys()) {
      if (this.#nextAtMs.size <= MAX_KEYS) return
      this.#nextAtMs.delete(oldest)
    }
  }
}
