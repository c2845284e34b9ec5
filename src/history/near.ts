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

/** Asked for in place of names: every series. */
export const EVERY = '*'

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
  /** The last generation of each second in which one began, the newest last. */
  #generations: { readonly second: number; readonly generation: number }[] = []
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
    this.#noteGeneration(result, Math.floor(nowMs / 1000))
    this.#newest = result
    this.#sinceMs ??= nowMs
    if (this.#hasWarned) return
    const { count, first } = this.#series.leftOut()
    if (first === null) return
    this.#hasWarned = true
    this.#options.onFull?.(count, first)
  }

  #noteGeneration({ board }: CycleResult, second: number): void {
    if (this.#newest !== null && this.#newest.board.epoch !== board.epoch) this.#generations = []
    const last = this.#generations.at(-1)
    if (last?.generation === board.generation) return
    if (last?.second === second) this.#generations.pop()
    this.#generations.push({ second, generation: board.generation })
    if (this.#generations.length > WINDOW_SEC) this.#generations.shift()
  }

  /** From when numbers are newer than this generation, epoch seconds; null when none is. */
  newerFromSec(generation: number): number | null {
    return this.#generations.find(each => each.generation > generation)?.second ?? null
  }

  /** How many series there are. */
  get size(): number {
    return this.#series.ids().length
  }

  /** From when numbers can be there, epoch ms; null before the first board. */
  sinceMs(nowMs: number): number | null {
    return this.#sinceMs === null ? null : Math.max(this.#sinceMs, nowMs - WINDOW_SEC * 1000)
  }

  /** The series with these ids or labels; with `*` all. */
  read(names: readonly string[], span: Span): HistoryRead {
    const ids = this.#series.ids()
    const known = new Set(ids)
    const board = this.#newest?.board ?? null
    const wanted = [...new Set(names.flatMap(name => (name === EVERY ? ids : [name])))]
    const found = wanted.map(name => ({ name, id: known.has(name) ? name : seriesId(board, name) }))
    const series = found.flatMap(({ id }) =>
      id !== null && known.has(id)
        ? [{ id, values: this.#series.steps(id, span.fromSec, span.toSec, span.stepSec) }]
        : [],
    )
    return {
      series,
      unknown: found.filter(({ id }) => id === null || !known.has(id)).map(({ name }) => name),
    }
  }
}
