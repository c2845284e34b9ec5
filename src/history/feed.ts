// Puts the numbers of each board into series. Nothing is added while the status is not judged: the numbers shown then are old.
import type { Series } from '../display/series.js'
import { type CycleResult, isJudged } from '../engine/cycle.js'
import type { Facts } from '../panels/facts.js'

export class SeriesFeed {
  readonly #series: Series
  /** The facts taken last, by panel. */
  #taken = new Map<string, Facts | undefined>()
  #isOpen = false

  constructor(series: Series) {
    this.#series = series
  }

  /** The facts of a board that is shown from now on. */
  take(result: CycleResult, nowMs: number): void {
    const { board } = result
    if (!isJudged(result)) {
      if (this.#isOpen) this.#series.interrupt(nowMs)
      this.#isOpen = false
      this.#taken = new Map()
      return
    }
    this.#isOpen = true
    for (const { key, facts } of board.panels.values()) {
      if (this.#taken.has(key) && this.#taken.get(key) === facts) continue
      this.#taken.set(key, facts)
      this.#series.take(key, facts, nowMs)
    }
    for (const key of this.#taken.keys()) {
      if (board.panels.has(key)) continue
      this.#taken.delete(key)
      this.#series.take(key, undefined, nowMs)
    }
    this.#series.confirm(nowMs)
  }
}
