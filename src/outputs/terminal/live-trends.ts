// The last 15 minutes of the numbers of the board, kept from its facts. While the status is not judged nothing is added.
import { fillFrom } from '../../display/past.js'
import { createSeries, LEAST_SEC, WINDOW_SEC } from '../../display/series.js'
import type { CycleResult } from '../../engine/cycle.js'
import { SeriesFeed } from '../../history/feed.js'
import type { Line, Role } from './draw/run.js'
import { type Trends, trendRuns } from './draw/trends.js'

/** A trend is computed again after this time: a sign stays for about a minute. */
const KEPT_MS = 15_000
/** Kept trends; a full cache is emptied. */
const MAX_KEPT = 4_096

export class LiveTrends {
  readonly #series = createSeries()
  readonly #feed = new SeriesFeed(this.#series)
  #atMs = Number.NEGATIVE_INFINITY
  readonly #known = new Map<string, number>()
  readonly #points = new Map<string, readonly (number | null)[]>()

  /** The facts of a board that is shown from now on. */
  take(result: CycleResult, nowMs: number): void {
    this.#feed.take(result, nowMs)
  }

  /** What a followed server remembers, where nothing is known here. */
  fill(past: unknown, nowMs: number): void {
    fillFrom(past, this.#series, nowMs)
    this.#atMs = Number.NEGATIVE_INFINITY
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
