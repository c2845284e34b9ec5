// Near history: the last 15 minutes of the numbers of the board, one a second, for those who come later. The numbers are taken as
// a page takes them (display/series.ts), so what is answered here is what a page that was open all the time shows.
//
// Cost: a second that changes nothing is one copy of a row. A changed panel is read once a second; where its facts have the shape that they
// had before, that is a copy of each number. 512 series × 900 × 8 bytes are 3.7 MB.
import { createSeries, type Extent, type Series, WINDOW_SEC } from '../display/series.js'
import type { CycleResult } from '../engine/cycle.js'
import type { MinuteBatch } from './far/messages.js'
import { MinuteRoll } from './far/roll.js'
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
  /** Takes each minute that is over, to be kept longer. */
  readonly onMinute?: (batch: MinuteBatch) => void
}

const MINUTE_SEC = 60

export class NearHistory {
  readonly #options: NearHistoryOptions
  readonly #series: Series
  readonly #feed: SeriesFeed
  #newest: CycleResult | null = null
  /** The last generation of each second in which one began, the newest last. */
  #generations: { readonly second: number; readonly generation: number }[] = []
  #sinceMs: number | null = null
  /** Of the first board. */
  #ownFromMs: number | null = null
  #hasWarned = false
  readonly #roll: MinuteRoll | null
  /** What an earlier server knew: values by second, from `fromSec` on, of numbers that were not on the board yet. */
  #earlier: { readonly fromSec: number; readonly values: Map<string, (number | null)[]> } | null = null

  constructor(options: NearHistoryOptions) {
    this.#options = options
    this.#series = createSeries(options.maxSeries ?? MAX_SERIES)
    this.#feed = new SeriesFeed(this.#series)
    this.#roll = options.onMinute === undefined ? null : new MinuteRoll(this.#series, options.onMinute)
  }

  take(result: CycleResult): void {
    if (result.board.generation === 0) return
    const nowMs = this.#options.nowMs()
    const second = Math.floor(nowMs / 1000)
    this.#roll?.before(second)
    this.#feed.take(result, nowMs)
    this.#roll?.after(second)
    this.#noteGeneration(result, second)
    this.#newest = result
    this.#ownFromMs ??= nowMs
    this.#sinceMs ??= nowMs
    this.#fillEarlier()
    if (this.#hasWarned) return
    const { count, first } = this.#series.leftOut()
    if (first === null) return
    this.#hasWarned = true
    this.#options.onFull?.(count, first)
  }

  /**
   * The last minutes of the server before this one, each with its last value in all its seconds; in one that was not whole, in as many
   * as it had.
   */
  restore(minutes: readonly MinuteBatch[]): void {
    const fromSec = Math.floor(this.#options.nowMs() / 1000) - WINDOW_SEC + 1
    const values = new Map<string, (number | null)[]>()
    for (const { minute, ids, numbers } of minutes) {
      const begin = minute * MINUTE_SEC - fromSec
      ids.forEach((id, i) => {
        const [, , last = Number.NaN, count = 0] = numbers.subarray(4 * i, 4 * i + 4)
        const seconds = values.get(id) ?? new Array<number | null>(WINDOW_SEC).fill(null)
        seconds.fill(last, Math.max(0, begin), Math.max(0, begin + count))
        values.set(id, seconds)
      })
    }
    this.#earlier = { fromSec, values }
    this.#fillEarlier()
  }

  /** The open minute becomes one, for `onMinute`. */
  flush(): void {
    this.#roll?.flush()
  }

  #fillEarlier(): void {
    const ownSec = Math.floor((this.#ownFromMs ?? 0) / 1000)
    if (this.#earlier === null || ownSec === 0) return
    const { fromSec, values } = this.#earlier
    for (const id of this.#series.ids()) {
      const known = values.get(id)
      if (known === undefined) continue
      values.delete(id)
      this.#series.fill({ id, fromSec, stepSec: 1, values: known }, ownSec - 1)
      const first = known.findIndex(value => value !== null)
      if (first >= 0)
        this.#sinceMs = Math.min(this.#sinceMs ?? Number.POSITIVE_INFINITY, (fromSec + first) * 1000)
    }
    const isOver = this.#options.nowMs() / 1000 - ownSec > WINDOW_SEC
    if (values.size === 0 || isOver) this.#earlier = null
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

  /** The ids that these names mean, an id or a label each; with `*` all. */
  idsOf(names: readonly string[]): readonly { readonly name: string; readonly id: string | null }[] {
    const ids = this.#series.ids()
    const known = new Set(ids)
    const board = this.#newest?.board ?? null
    const wanted = [...new Set(names.flatMap(name => (name === EVERY ? ids : [name])))]
    return wanted.map(name => ({ name, id: known.has(name) ? name : seriesId(board, name) }))
  }

  /** What is known of these seconds; null: nothing. */
  over(id: string, fromSec: number, toSec: number): Extent | null {
    return this.#series.over(id, fromSec, toSec)
  }

  /** The series with these ids or labels; with `*` all. */
  read(names: readonly string[], span: Span): HistoryRead {
    const known = new Set(this.#series.ids())
    const found = this.idsOf(names)
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
