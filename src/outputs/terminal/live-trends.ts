// The last 15 minutes of the numbers of the board, kept from its facts. While the status is not judged nothing is added.
import { createSeries, LEAST_SEC, WINDOW_SEC } from '../../display/series.js'
import type { CycleResult } from '../../engine/cycle.js'
import type { Facts } from '../../panels/facts.js'
import { isJudged } from './draw/freshness.js'
import type { Line, Role } from './draw/run.js'
import { type Trends, trendRuns } from './draw/trends.js'

/** A trend is computed again after this time: a sign stands for about a minute. */
const KEPT_MS = 15_000
/** Kept trends; a full cache is emptied. */
const MAX_KEPT = 4_096

export class LiveTrends {
  readonly #series = createSeries()
  /** The facts taken last, by panel. */
  #taken = new Map<string, Facts | undefined>()
  #isOpen = false
  #atMs = Number.NEGATIVE_INFINITY
  readonly #known = new Map<string, number>()
  readonly #points = new Map<string, readonly (number | null)[]>()

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

  /** As they are at this moment, or were a few seconds before. */
  at(nowMs: number): Trends {
    if (
      Math.abs(nowMs - this.#atMs) >= KEPT_MS ||
      this.#points.size >= MAX_KEPT ||
      this.#known.size >= MAX_KEPT
    ) {
      this.#atMs = nowMs
      this.#known.clear()
      this.#points.clear()
    }
    const atMs = this.#atMs
    const knownSec = (id: string): number => {
      const known = this.#known.get(id) ?? this.#series.values(id, atMs).knownSec
      this.#known.set(id, known)
      return known
    }
    const points = (id: string, spanSec: number, count: number): readonly (number | null)[] => {
      const name = `${count}/${spanSec}/${id}`
      const made = this.#points.get(name) ?? this.#series.points(id, atMs, spanSec, count)
      this.#points.set(name, made)
      return made
    }
    return {
      has: id => knownSec(id) >= LEAST_SEC,
      line: (id: string, unit: string, width: number, end: Role): Line =>
        trendRuns(points(id, WINDOW_SEC, width), unit, end),
      points,
      knownSec,
      atMs,
    }
  }
}
