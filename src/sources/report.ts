// What a source reports: each new outcome once, and an outage in few lines of the log.
import type { Clock } from '../clock/clock.js'
import type { LineLog } from '../log/silent.js'
import type { BadReading, GoodReading, Reading, ReadingError } from '../snapshot/reading.js'

/** Different texts logged in one outage. */
const MAX_LINES = 8

export type ReportOptions = {
  /** What a person reads: without secrets. */
  readonly name: string
  readonly clock: Pick<Clock, 'nowMs'>
  readonly log: LineLog
}

export class Report {
  readonly #options: ReportOptions
  readonly #logged = new Set<string>()
  #onReading: ((reading: Reading) => void) | null = null
  #good: GoodReading | null = null
  #last: Reading | null = null

  constructor(options: ReportOptions) {
    this.#options = options
  }

  open(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
  }

  /** Nothing is reported any more. */
  close(): void {
    this.#onReading = null
  }

  get isGood(): boolean {
    return this.#last?.ok === true
  }

  good(reading: GoodReading): void {
    this.#good = reading
    this.#last = reading
    if (this.#logged.size > 0)
      this.#options.log.info({ source: this.#options.name }, 'the source can be read again')
    this.#logged.clear()
    this.#onReading?.(reading)
  }

  /** The document is the same, and was confirmed now: only its age begins anew. `everyMs`: it is asked again after this. */
  same(everyMs = this.#good?.everyMs): void {
    const nowMs = this.#options.clock.nowMs()
    const paced = everyMs === undefined ? {} : { everyMs }
    if (this.#good !== null) this.good({ ...this.#good, readAtMs: nowMs, modifiedAtMs: nowMs, ...paced })
  }

  /** `more`: of a recorded one. */
  bad(error: ReadingError, message: string, more: Partial<BadReading> = {}): void {
    const { name, log, clock } = this.#options
    if (!this.#logged.has(message) && this.#logged.size < MAX_LINES) {
      this.#logged.add(message)
      log.warn({ source: name, error }, `the source cannot be read: ${message}`)
    }
    const last = this.#last
    // A recorded one has a moment of its own.
    if (more.takenAt === undefined && last?.ok === false && last.error === error && last.message === message)
      return
    this.#last = { ok: false, error, message, readAtMs: clock.nowMs(), ...more }
    this.#onReading?.(this.#last)
  }
}
