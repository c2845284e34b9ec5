// Near history: the last 15 minutes of the numbers of the board, one a second, for those who come later. The numbers are taken as
// a page takes them (display/series.ts), so what is answered here is what a page that was open all the time shows.
//
// Cost: a cycle in which no panel changed moves one second on, a step for each series and second. A changed panel is read once a
// second. 512 series × 900 × 8 bytes are 3.7 MB.
import { createSeries, type Series, WINDOW_SEC } from '../display/series.js'
import type { CycleResult } from '../engine/cycle.js'
import { SeriesFeed } from './feed.js'
import { seriesId } from './labels.js'
import type { Span } from './span.js'

/** Series that are kept; further numbers have none. */
const MAX_SERIES = 512

export type HistoryRead = {
  readonly series: readonly { readonly id: string; readonly values: readonly (number | null)[] }[]
  readonly unknown: readonly string[]
}

export type NearHistoryOptions = {
  readonly nowMs: () => number
  /** Numbers of the board have no series; called once, with how many and the id of the first. */
  readonly onFull?: (count: number, first: string) => void
  readonly maxSeries?: number
}

export class NearHistory {
  readonly #options: NearHistoryOptions
  readonly #series: Series
  readonly #feed: SeriesFeed
  #newest: CycleResult | null = null
  #sinceMs: number | null = null
  #hasWarned = false

  constructor(options: NearHistoryOptions) {
    this.#options = options
    this.#series = createSeries(options.maxSeries ?? MAX_SERIES)
    this.#feed = new SeriesFeed(this.#series)
  }

  take(result: CycleResult): void {
    if (result.board.generation === 0) return
    const nowMs = this.#options.nowMs()
    this.#feed.take(result, nowMs)
    this.#newest = result
    this.#sinceMs ??= nowMs
    if (this.#hasWarned) return
    const { count, first } = this.#series.leftOut()
    if (first === null) return
    this.#hasWarned = true
    this.#options.onFull?.(count, first)
  }

  /** From when numbers can be there, epoch ms; null before the first board. */
  sinceMs(nowMs: number): number | null {
    return this.#sinceMs === null ? null : Math.max(this.#sinceMs, nowMs - WINDOW_SEC * 1000)
  }

  /** The series with these ids or labels. */
  read(names: readonly string[], span: Span): HistoryRead {
    const known = new Set(this.#series.ids())
    const board = this.#newest?.board ?? null
    const found = names.map(name => ({ name, id: known.has(name) ? name : seriesId(board, name) }))
    const series = found.flatMap(({ id }) =>
      id !== null && known.has(id) ? [{ id, values: this.#valuesOf(id, span) }] : [],
    )
    return {
      series,
      unknown: found.filter(({ id }) => id === null || !known.has(id)).map(({ name }) => name),
    }
  }

  /** The last known value of each step. */
  #valuesOf(id: string, { fromSec, toSec, stepSec }: Span): readonly (number | null)[] {
    const { values, endSec } = this.#series.values(id, this.#options.nowMs())
    const firstSec = endSec - WINDOW_SEC + 1
    return Array.from({ length: Math.ceil((toSec - fromSec + 1) / stepSec) }, (_, i) => {
      const begin = fromSec + i * stepSec
      const end = Math.min(begin + stepSec - 1, toSec)
      for (let second = Math.min(end, endSec); second >= Math.max(begin, firstSec); second--) {
        const value = values[second - firstSec] ?? null
        if (value !== null) return value
      }
      return null
    })
  }
}
