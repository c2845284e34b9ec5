// Makes minutes of the seconds of near history, each second once: when a minute is over, when the clock was set, and at the end.
import { MAX_BACK_SEC, MAX_SILENT_SEC, type Series } from '../../display/series.js'
import type { MinuteBatch } from './messages.js'

const MINUTE_SEC = 60

export const minuteOf = (second: number): number => Math.floor(second / MINUTE_SEC)

export class MinuteRoll {
  readonly #series: Pick<Series, 'overAll'>
  readonly #onMinute: (batch: MinuteBatch) => void
  /** The first second that is in no minute yet. */
  #fromSec: number | null = null
  #lastSec = 0

  constructor(series: Pick<Series, 'overAll'>, onMinute: (batch: MinuteBatch) => void) {
    this.#series = series
    this.#onMinute = onMinute
  }

  /** Before the series move on to this second: where the clock jumps, they forget what they have. */
  before(second: number): void {
    if (this.#fromSec === null) return
    const isJump = second < this.#lastSec - MAX_BACK_SEC || second - this.#lastSec > MAX_SILENT_SEC
    if (!isJump) return
    this.flush()
    this.#fromSec = second
    this.#lastSec = second
  }

  /** After they have. Cost: a minute's end reads 60 values of each series. */
  after(second: number): void {
    this.#lastSec = Math.max(this.#lastSec, second)
    let from = this.#fromSec ?? second
    while (minuteOf(from) < minuteOf(second)) {
      const next = (minuteOf(from) + 1) * MINUTE_SEC
      this.#emit(from, next - 1)
      from = next
    }
    this.#fromSec = from
  }

  /** The minute that has begun. */
  flush(): void {
    if (this.#fromSec === null || this.#lastSec < this.#fromSec) return
    this.#emit(this.#fromSec, this.#lastSec)
    this.#fromSec = this.#lastSec + 1
  }

  #emit(fromSec: number, toSec: number): void {
    this.#onMinute({ minute: minuteOf(fromSec), ...this.#series.overAll(fromSec, toSec) })
  }
}
