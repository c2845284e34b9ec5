// Status streams with the status file as a fallback. The file is shown before the streams have delivered a status, and while
// they are lost or stale if it has changed since their last status. As soon as they deliver again, they are shown.
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers } from '../clock/timers.js'
import type { Source } from '../engine/source.js'
import type { IngestStats } from '../ingest/enrichment.js'
import { type LineLog, SILENT } from '../log/silent.js'
import type { GoodReading, Reading } from '../snapshot/reading.js'

/** How long the streams have for their first status before the file is shown. */
const GRACE_MS = 2_000

export type FallbackOptions = {
  readonly streams: Source
  readonly file: Source
  readonly graceMs?: number
  readonly clock?: Clock
  readonly log?: LineLog
}

type Side = {
  readonly source: Source
  reading: Reading | null
  /** The last good reading. */
  good: GoodReading | null
  /** When `good` was new, by the monotonic clock. */
  newAtMs: number
}

export class FallbackSource implements Source {
  readonly name: string
  readonly #streams: Side
  readonly #file: Side
  readonly #clock: Clock
  readonly #log: LineLog
  readonly #graceMs: number
  #onReading: (reading: Reading) => void = () => {}
  #shown: Side | null = null
  #graceIsOver = false
  #cancelGrace: () => void = () => {}
  #intervalSec: number | null = null

  constructor({ streams, file, graceMs = GRACE_MS, clock = systemClock, log = SILENT }: FallbackOptions) {
    this.#streams = { source: streams, reading: null, good: null, newAtMs: 0 }
    this.#file = { source: file, reading: null, good: null, newAtMs: 0 }
    this.#graceMs = graceMs
    this.#clock = clock
    this.#log = log
    this.name = streams.name
  }

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
    this.#cancelGrace = systemTimers.after(this.#graceMs, () => {
      this.#graceIsOver = true
      this.#show(null)
    })
    for (const side of [this.#streams, this.#file]) side.source.start(reading => this.#take(side, reading))
  }

  async refresh(): Promise<void> {
    await Promise.all([this.#streams.source.refresh(), this.#file.source.refresh()])
  }

  ingest(nowMs: number, intervalSec: number | null): readonly IngestStats[] {
    this.#intervalSec = intervalSec ?? this.#intervalSec
    const stats = this.#streams.source.ingest?.(nowMs, intervalSec) ?? []
    if (this.#shown !== this.#file) return stats
    return stats.map(stream => ({ ...stream, instead: this.#file.source.name }))
  }

  async close(): Promise<void> {
    this.#cancelGrace()
    await Promise.all([this.#streams.source.close(), this.#file.source.close()])
  }

  #take(side: Side, reading: Reading): void {
    side.reading = reading
    if (reading.ok) {
      side.good = reading
      side.newAtMs = this.#clock.monotonicMs() - (reading.ageMs ?? 0)
    }
    this.#show(side)
  }

  /** Emits the reading to show if it is new (`from` is its side) or its side was not shown before. */
  #show(from: Side | null): void {
    const next = this.#choice()
    const { reading, good, newAtMs } = next ?? {}
    if (next === null || reading == null || (next === this.#shown && next !== from)) return
    const before = this.#shown
    this.#shown = next
    if (next !== before) this.#logSwitch(next, before)
    if (next === from || good == null || !reading.ok) {
      this.#onReading(reading)
      return
    }
    // For a file, the time of its last change says how old it is.
    const aged = next === this.#file ? {} : { ageMs: this.#clock.monotonicMs() - (newAtMs ?? 0) }
    this.#onReading({ ...reading, readAtMs: this.#clock.nowMs(), ...aged })
  }

  #logSwitch(next: Side, before: Side | null): void {
    const source = this.#streams.source.name
    if (next === this.#file) this.#log.warn({ source }, 'the status file is shown in place of the stream')
    else if (before !== null) this.#log.info({ source }, 'the stream is shown again')
  }

  /** Null: nothing to show yet. */
  #choice(): Side | null {
    const [streams, file] = [this.#streams, this.#file]
    if (file.reading?.ok !== true) return streams.reading === null ? null : streams
    if (streams.good === null) return streams.reading !== null || this.#graceIsOver ? file : null
    const isBehind = streams.reading?.ok === false || this.#isStale()
    return isBehind && file.newAtMs > streams.newAtMs ? file : streams
  }

  #isStale(): boolean {
    const stats = this.#streams.source.ingest?.(this.#clock.nowMs(), this.#intervalSec) ?? []
    return stats.length > 0 && stats.every(({ heartbeat }) => heartbeat.health === 'stale')
  }
}
