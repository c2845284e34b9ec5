// Since when the verdict has its word. By the steady clock, so that setting the wall clock moves the time and not the age.
import { type Moment, wallTimeOf } from '../clock/moment.js'
import type { Verdict } from '../protocol/events.js'

export class VerdictSince {
  #word: Verdict['word'] | null = null
  #at: Moment = { wallMs: 0, monotonicMs: 0 }

  /** The verdict with its time; a followed server's time is kept. */
  of(verdict: Verdict, now: Moment): Verdict {
    if (verdict.since !== undefined) {
      this.#word = null
      return verdict
    }
    if (verdict.word !== this.#word) this.#at = { ...now, wallMs: Math.round(now.wallMs) }
    this.#word = verdict.word
    const since = Math.round(wallTimeOf(this.#at, now))
    // Kept, so that it is the same in the next cycle.
    this.#at = { ...this.#at, wallMs: since }
    return { ...verdict, since }
  }
}
