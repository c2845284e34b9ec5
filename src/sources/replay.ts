// A recording as a source: a file of documents, one a line, played at the pace of their own times. A document of the past is not
// old here: its age begins when it is played.
import { createReadStream } from 'node:fs'
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { Source } from '../engine/source.js'
import { type LineLog, SILENT } from '../log/silent.js'
import { documentTime } from '../snapshot/derive.js'
import type { Reading } from '../snapshot/reading.js'
import type { SourceZone } from '../snapshot/zone.js'
import type { ReplaySpec } from './declared.js'
import { type DocumentReader, parseDocument } from './document.js'
import { Report } from './report.js'
import { lineSplitter } from './split.js'

export type ReplayOptions = Pick<ReplaySpec, 'path' | 'speed' | 'loop'> & {
  /** Of a line. */
  readonly maxBytes: number
  /** The zone of times that name none. */
  readonly zone: () => SourceZone
  readonly documents?: { readonly read: DocumentReader; close(): Promise<void> }
  readonly clock?: Clock
  readonly timers?: Timers
  readonly log?: LineLog
}

/** Between documents that have no times, and between two rounds. */
const USUAL_GAP_MS = 1_000
/** A night in a recording is not waited for. */
const LONGEST_GAP_MS = 60_000
const LEAST_GAP_MS = 20

type Line = { readonly number: number /** Null: too long. */; readonly bytes: Uint8Array | null }

/** The lines of a file, which is read no faster than they are taken. */
async function* linesOf(path: string, maxBytes: number): AsyncGenerator<Line> {
  let number = 0
  let found: Line[] = []
  const onTooLong = (): void => void found.push({ number: ++number, bytes: null })
  const splitter = lineSplitter(maxBytes, {
    onPiece: bytes => found.push({ number: ++number, bytes }),
    onTooLong,
  })
  const taken = (): readonly Line[] => {
    const lines = found
    found = []
    return lines
  }
  for await (const chunk of createReadStream(path)) {
    splitter.take(chunk as Buffer)
    yield* taken()
  }
  splitter.end()
  yield* taken()
}

export class ReplaySource implements Source {
  readonly name: string
  readonly #options: ReplayOptions
  readonly #clock: Clock
  readonly #report: Report
  #playing: Promise<void> | null = null
  /** Ends the present wait. */
  #wake: () => void = () => {}
  #closed = false

  constructor(options: ReplayOptions) {
    const { path, clock = systemClock, log = SILENT } = options
    this.#options = options
    this.#clock = clock
    this.name = path
    this.#report = new Report({ name: path, clock, log })
  }

  start(onReading: (reading: Reading) => void): void {
    this.#report.open(onReading)
    this.#playing = this.#play()
  }

  /** Nothing to do: the recording has its own pace. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#report.close()
    this.#wake()
    await this.#playing
    await this.#options.documents?.close()
  }

  async #play(): Promise<void> {
    const { path, loop, log = SILENT } = this.#options
    try {
      do {
        const count = await this.#playOnce()
        if (this.#closed) return
        if (count === 0) {
          this.#report.bad('missing', 'the recording has no document')
          return
        }
        if (loop) await this.#wait(USUAL_GAP_MS)
      } while (loop && !this.#closed)
      if (!this.#closed) log.info({ source: path }, 'the recording has ended; its last document stays')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      if (code === 'ENOENT') this.#report.bad('missing', 'there is no such recording')
      else this.#report.bad('io', `the recording cannot be read (${code})`)
    }
  }

  /** How many documents it has. */
  async #playOnce(): Promise<number> {
    const { path, maxBytes, speed, zone, documents } = this.#options
    let count = 0
    let lastMs: number | null = null
    for await (const { number, bytes } of linesOf(path, maxBytes)) {
      if (this.#closed) break
      if (bytes === null) {
        this.#report.bad('too_large', `line ${number} is larger than ${maxBytes} bytes`)
        continue
      }
      const sizeBytes = bytes.length
      const made = await (documents?.read ?? parseDocument)(bytes)
      if (!made.ok) {
        this.#report.bad(made.error, `line ${number}: ${made.message}`)
        continue
      }
      const atMs = documentTime(made.status, zone())
      const gapMs = atMs === null || lastMs === null ? USUAL_GAP_MS : Math.max(0, atMs - lastMs)
      lastMs = atMs
      if (count++ > 0) await this.#wait(Math.min(Math.max(gapMs / speed, LEAST_GAP_MS), LONGEST_GAP_MS))
      if (this.#closed) break
      const nowMs = this.#clock.nowMs()
      const { status, warnings, large } = made
      this.#report.good({
        ok: true,
        status,
        readAtMs: nowMs,
        modifiedAtMs: nowMs,
        isRecorded: true,
        sizeBytes,
        ...(warnings.length === 0 ? {} : { warnings }),
        ...(large === undefined ? {} : { large }),
      })
    }
    return count
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
