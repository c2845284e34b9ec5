// A recording as a source: one of `g6 record`, or a file of documents, one a line, played at the pace of their own times. A document of
// the past is not old here: its age begins when it is played.
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { Played as PlayedState } from '../engine/played.js'
import type { Source } from '../engine/source.js'
import type { IngestStats } from '../ingest/enrichment.js'
import { type LineLog, SILENT } from '../log/silent.js'
import { documentTime } from '../snapshot/derive.js'
import type { GoodReading, Reading, ReadingError, Status } from '../snapshot/reading.js'
import { offsetMs, type SourceZone } from '../snapshot/zone.js'
import type { ReplaySpec } from './declared.js'
import { type DocumentReader, parseDocument, type ReadDocument } from './document.js'
import { largeReading } from './large-documents.js'
import { PlayedTime } from './played-time.js'
import { type StreamThen, statsThen, streamsAfter } from './recorded-streams.js'
import { HEADER_START, linesOf, parsedLine, type RecordingHeader, type RecordingLine } from './recording.js'
import { Report } from './report.js'

export type ReplayOptions = Pick<ReplaySpec, 'path' | 'speed' | 'loop' | 'from'> & {
  /** It is the only source: the time of the boards is that of the recording. */
  readonly isAlone?: boolean
  /** Of a line. */
  readonly maxBytes: number
  /** The zone of times in documents that name none. */
  readonly zone: () => SourceZone
  /** The zone of `from`. */
  readonly timezone?: () => string
  readonly documents?: { readonly read: DocumentReader; close(): Promise<void> }
  readonly clock?: Clock
  readonly timers?: Timers
  readonly log?: LineLog
}

/** Between documents that have no times, and between two rounds. */
export const USUAL_GAP_MS = 1_000
/** A night in a recording is not waited for. */
export const LONGEST_GAP_MS = 60_000
export const LEAST_GAP_MS = 20

/** What a line of a recording has besides its document: 16 followed streams take up to a MiB each. */
const LINE_ROOM_BYTES = 16 * 1024 ** 2

/** Any part of a date and time: `09:15`, `2026-11-30`, `2026-11-30T09:15:00`. */
const FROM = /^(?:(\d{4}-\d{2}-\d{2})(?:[T ]|$))?(?:(\d{2}:\d{2})(:\d{2})?)?$/

/** The moment that `from` names, for a recording that began at `firstMs`; null for a text that names none. */
export function startOf(from: string, firstMs: number, timezone: string): number | null {
  const [text, day, time = '00:00', seconds = ':00'] = FROM.exec(from.trim()) ?? []
  if (text === undefined || text === '') return null
  const localMs = firstMs + offsetMs(timezone, firstMs)
  const asUtcMs = Date.parse(`${day ?? new Date(localMs).toISOString().slice(0, 10)}T${time}${seconds}Z`)
  return Number.isNaN(asUtcMs) ? null : asUtcMs - offsetMs(timezone, asUtcMs - offsetMs(timezone, asUtcMs))
}

/** A line that is played: when it came, and what it gives. */
type Played =
  | {
      readonly ok: true
      readonly atMs: number | null
      readonly give: (report: Report, nowMs: number) => void
    }
  | { readonly ok: false; readonly error: ReadingError; readonly message: string }

/** Null for a damaged one; a text: why this version cannot read it. */
function headerOf(bytes: Uint8Array): RecordingHeader | string | null {
  try {
    const header = parsedLine(bytes)
    return header !== null && 'g6rec' in header ? header : null
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be read'
  }
}

/** The reading as of now, for a board that has other sources too. */
function giveNow({ reading }: RecordingLine, status: Status | null, report: Report, nowMs: number): void {
  if (!reading.ok) report.bad(reading.error, reading.message)
  else if (status !== null) {
    const { sizeBytes } = reading
    report.good({ ok: true, status, readAtMs: nowMs, modifiedAtMs: nowMs, isRecorded: true, sizeBytes })
  }
}

export class ReplaySource implements Source {
  readonly name: string
  readonly #options: ReplayOptions
  readonly #clock: Clock
  readonly #report: Report
  #playing: Promise<void> | null = null
  readonly #time: PlayedTime
  #header: RecordingHeader | null = null
  /** The newest recorded status. */
  #status: Status | null = null
  #hasEnded = false
  /** What was made of it, where it is a large one. */
  #large: ReadDocument | null = null
  /** The followed streams at the newest line that was read, and at the one that is shown. */
  #streams: readonly StreamThen[] | null = null
  #shownStreams: readonly StreamThen[] | null = null
  /** Ends the present wait. */
  #wake: () => void = () => {}
  #closed = false

  constructor(options: ReplayOptions) {
    const { path, clock = systemClock, log = SILENT } = options
    this.#options = options
    this.#clock = clock
    this.name = path
    this.#report = new Report({ name: path, clock, log })
    this.#time = new PlayedTime(clock, options.speed)
  }

  start(onReading: (reading: Reading) => void): void {
    this.#report.open(onReading)
    this.#playing = this.#play()
  }

  /** Nothing to do: the recording has its own pace. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  /** Of a recording that is played by itself: the followed streams as they were. */
  ingest(nowMs: number): readonly IngestStats[] | undefined {
    return this.#shownStreams === null ? undefined : statsThen(this.#shownStreams, nowMs)
  }

  played(): PlayedState | null {
    const now = this.#options.isAlone === true ? this.#time.now() : null
    if (now === null || this.#header === null) return null
    const { started_ms: startedMs, version } = this.#header
    return { now, startedMs, version, ended: this.#hasEnded }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#report.close()
    this.#wake()
    await this.#playing
    await this.#options.documents?.close()
  }

  async #play(): Promise<void> {
    const { path, loop, from, log = SILENT } = this.#options
    try {
      do {
        const count = await this.#playOnce()
        if (this.#closed) return
        if (count === 0) {
          const where = from === undefined ? '' : ` from ${from} on`
          this.#report.bad('missing', `the recording has no document${where}`)
          return
        }
        if (loop) await this.#wait(USUAL_GAP_MS)
      } while (loop && !this.#closed)
      this.#hasEnded = true
      if (!this.#closed) log.info({ source: path }, 'the recording has ended; its last document stays')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      if (code === 'ENOENT') this.#report.bad('missing', 'there is no such recording')
      else this.#report.bad('io', `the recording cannot be read (${code})`)
    }
  }

  /** How many documents it has. */
  async #playOnce(): Promise<number> {
    const { path, maxBytes, speed, from, timezone = () => 'UTC' } = this.#options
    let count = 0
    let lastMs: number | null = null
    let startMs: number | null = null
    let isRecording = false
    this.#streams = null
    for await (const { number, bytes } of linesOf(path, maxBytes + LINE_ROOM_BYTES)) {
      if (this.#closed) break
      if (number === 1 && bytes !== null && HEADER_START.equals(bytes.subarray(0, HEADER_START.length))) {
        isRecording = true
        const header = headerOf(bytes)
        if (typeof header === 'string') {
          this.#report.bad('not_json', header)
          return 1
        }
        this.#header = header
        continue
      }
      if (bytes === null || (!isRecording && bytes.length > maxBytes)) {
        this.#report.bad('too_large', `line ${number} is larger than ${maxBytes} bytes`)
        continue
      }
      const made = isRecording ? await this.#recorded(bytes) : await this.#document(bytes)
      if (!made.ok) {
        this.#report.bad(made.error, `line ${number}: ${made.message}`)
        continue
      }
      const { atMs } = made
      if (from !== undefined && atMs !== null) {
        startMs ??= startOf(from, atMs, timezone())
        if (startMs !== null && atMs < startMs) continue
      }
      const gapMs = atMs === null || lastMs === null ? USUAL_GAP_MS : Math.max(0, atMs - lastMs)
      lastMs = atMs
      this.#time.waits(gapMs)
      if (count++ > 0) await this.#wait(Math.min(Math.max(gapMs / speed, LEAST_GAP_MS), LONGEST_GAP_MS))
      if (this.#closed) break
      made.give(this.#report, this.#clock.nowMs())
    }
    return count
  }

  /** A line of `g6 record`: a document, a confirmation of the one before, or a fault of the source. */
  async #recorded(bytes: Uint8Array): Promise<Played> {
    const line = parsedLine(bytes)
    if (line === null || 'g6rec' in line)
      return { ok: false, error: 'not_json', message: 'it is no line of a recording' }
    const { reading } = line
    // What is skipped may be confirmed by the first line that is played.
    if (reading.ok && reading.status !== undefined) {
      this.#status = reading.status
      this.#large = reading.isLarge === true ? await this.#asLarge(reading.status, line.at) : null
    }
    this.#streams = streamsAfter(this.#streams, line.streams)
    const status = this.#status
    const large = this.#large
    const streams = this.#streams
    const give = (nowMs: number): void => {
      if (this.#options.isAlone === true && this.#header !== null) {
        this.#shownStreams = streams
        this.#giveAsRecorded(line, status, large)
      } else giveNow(line, status, this.#report, nowMs)
    }
    return { ok: true, atMs: line.at, give: (_, nowMs) => give(nowMs) }
  }

  /** As the source that was recorded read it. */
  async #asLarge(status: Status, atMs: number): Promise<ReadDocument> {
    const { documents } = this.#options
    return (documents?.read ?? parseDocument)(Buffer.from(JSON.stringify(status)), atMs)
  }

  /** The reading as it was recorded, with its moment: the board is the recorded one. */
  #giveAsRecorded(
    { reading, at, steady }: RecordingLine,
    status: Status | null,
    large: ReadDocument | null,
  ): void {
    const takenAt = this.#time.line(at, steady)
    if (!reading.ok) this.#report.bad(reading.error, reading.message, { readAtMs: reading.readAtMs, takenAt })
    else if (status !== null) {
      // The line was checked against the schema of readings.
      const given: unknown = { ...reading, status, takenAt }
      const good = given as GoodReading
      const made = large === null ? good : largeReading(good, large)
      if (made.ok) this.#report.good(made)
      else this.#report.bad(made.error, made.message, made)
    }
  }

  async #document(bytes: Uint8Array): Promise<Played> {
    const { zone, documents } = this.#options
    const made = await (documents?.read ?? parseDocument)(bytes)
    if (!made.ok) return made
    const { status, warnings, large } = made
    return {
      ok: true,
      atMs: documentTime(status, zone()),
      give: (report, nowMs) =>
        report.good({
          ok: true,
          status,
          readAtMs: nowMs,
          modifiedAtMs: nowMs,
          isRecorded: true,
          sizeBytes: bytes.length,
          ...(warnings.length === 0 ? {} : { warnings }),
          ...(large === undefined ? {} : { large }),
        }),
    }
  }

  #wait(ms: number): Promise<void> {
    const { timers = systemTimers } = this.#options
    if (this.#closed) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = timers.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
