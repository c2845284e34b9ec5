// How the system was today: from the verdict log of the server of this process, or from what this dashboard has seen.
import type { Moment } from '../../clock/moment.js'
import { type Today, todayOf } from '../../display/today.js'
import type { CycleResult } from '../../engine/cycle.js'
import { VerdictLog, type VerdictRow } from '../../history/verdict-log.js'
import { offsetMs } from '../../snapshot/zone.js'

/** A sign of the strip is minutes; a log of a flapping system is long. */
const KEPT_MS = 5_000
const DAY_MS = 86_400_000
/** The newest of a long log; a strip has fewer signs. */
const MAX_ROWS = 500

export class LiveToday {
  readonly #timezone: string
  readonly #ofServer: () => readonly VerdictRow[] | null
  readonly #own = new VerdictLog()
  #word: string | undefined
  #known: { readonly atMs: number; readonly today: Today | null } | null = null

  constructor(timezone: string, ofServer: () => readonly VerdictRow[] | null) {
    this.#timezone = timezone
    this.#ofServer = ofServer
  }

  take({ board: { verdict } }: CycleResult, now: Moment): void {
    if (verdict === null) return
    this.#own.take(verdict, now)
    if (verdict.word !== this.#word) this.#known = null
    this.#word = verdict.word
  }

  /** As it was at this moment, or a few seconds before. */
  at(now: Moment): Today | null {
    const { wallMs } = now
    if (this.#known === null || Math.abs(wallMs - this.#known.atMs) >= KEPT_MS) {
      const rows = this.#ofServer() ?? this.#own.rows(now)
      const verdicts = rows
        .slice(-MAX_ROWS)
        .map(({ word, fromMs, toMs }) => ({ word, from: fromMs, to: toMs }))
      const localMs = wallMs + offsetMs(this.#timezone, wallMs)
      const midnightMs = wallMs - (((localMs % DAY_MS) + DAY_MS) % DAY_MS)
      this.#known = { atMs: wallMs, today: todayOf({ verdicts }, midnightMs, wallMs) }
    }
    return this.#known.today
  }
}
