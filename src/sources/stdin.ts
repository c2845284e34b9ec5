// Standard input as a source: `journalctl -o json | g6 serve --source stdin:`. Its lines become rows, of which the newest are kept;
// or it is a stream of documents, each of which replaces the one before. However fast it comes, at most ten readings a second are
// made of it. After its end the last reading stays, and grows old.
import type { Readable } from 'node:stream'
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { Source } from '../engine/source.js'
import { isObject, isWithinDepth } from '../ingest/json.js'
import { parseJson } from '../ingest/json-text.js'
import { type LineLog, SILENT } from '../log/silent.js'
import type { GoodReading, Reading, Status } from '../snapshot/reading.js'
import type { StdinSpec } from './declared.js'
import { type DocumentReader, parseDocument } from './document.js'
import { Report } from './report.js'
import { documentSplitter, lineSplitter, type Splitter } from './split.js'

export type StdinOptions = Pick<StdinSpec, 'form' | 'keep'> & {
  /** Of a document, and of all rows together. */
  readonly maxBytes: number
  /** Default: that of the process. */
  readonly input?: Readable & { readonly isTTY?: boolean }
  readonly documents?: { readonly read: DocumentReader; close(): Promise<void> }
  readonly clock?: Clock
  readonly timers?: Timers
  readonly log?: LineLog
}

/** Between two readings. */
const GAP_MS = 100
/** A longer line is left out. */
const MAX_LINE_BYTES = 256 * 1024
/** How much is read to find out what it is. */
const MAX_FIRST_BYTES = 64 * 1024
const LF = 0x0a

type MoreOf = Partial<Pick<GoodReading, 'warnings' | 'large'>>
/** Parsed only if it is shown: of a fast input most lines are not. */
type Row = { readonly bytes: Uint8Array; row: Status | null }

const text = new TextDecoder('utf-8')

/** A JSON object is a row as it is; any other text is a row of one column. */
function rowOf(bytes: Uint8Array): Status {
  const line = text.decode(bytes).replace(/\r$/, '')
  const parsed = /^\s*\{/.test(line) ? parseJson(line) : null
  const isRow = parsed?.ok === true && isObject(parsed.value) && isWithinDepth(parsed.value)
  return isRow ? (parsed.value as Status) : { line }
}

/** What the input is, by its beginning: an object in one line is a row. */
function formOf(first: Uint8Array): 'lines' | 'json' {
  const line = text.decode(first).trim()
  if (line.startsWith('[')) return 'json'
  if (!line.startsWith('{')) return 'lines'
  return parseJson(line).ok ? 'lines' : 'json'
}

export class StdinSource implements Source {
  readonly name = 'standard input'
  readonly #options: StdinOptions
  readonly #clock: Clock
  readonly #log: LineLog
  readonly #input: NonNullable<StdinOptions['input']>
  readonly #report: Report
  /** The newest last. */
  readonly #rows: Row[] = []
  #rowBytes = 0
  #total = 0
  #form: StdinSpec['form']
  #splitter: Splitter | null = null
  /** The beginning, until the form is known. */
  #first: Uint8Array = new Uint8Array()
  /** The newest document that is not read yet. */
  #document: Uint8Array | null = null
  #dueAtMs = Number.NEGATIVE_INFINITY
  #cancelDue: (() => void) | null = null
  #reading: Promise<void> | null = null
  #isLongLogged = false
  #hasAny = false
  #closed = false

  constructor(options: StdinOptions) {
    const { clock = systemClock, log = SILENT, form, input = process.stdin } = options
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#input = input
    this.#form = form
    this.#report = new Report({ name: this.name, clock, log })
  }

  start(onReading: (reading: Reading) => void): void {
    this.#report.open(onReading)
    const input = this.#input
    if (input.isTTY === true) {
      this.#report.bad('missing', 'it is a terminal; pipe the output of a program into g6')
      return
    }
    if (this.#form !== 'any') this.#splitter = this.#splitterOf(this.#form)
    input.on('data', this.#onData).once('end', this.#onEnd).once('error', this.#onError)
  }

  /** Nothing to do: the input is read as it comes. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#report.close()
    this.#cancelDue?.()
    const input = this.#input
    input.off('data', this.#onData).off('end', this.#onEnd)
    // An error after the end of the program interests nobody, but must not end it differently.
    if (input.isTTY !== true) input.destroy()
    await this.#reading
    await this.#options.documents?.close()
    input.off('error', this.#onError)
  }

  readonly #onData = (bytes: Uint8Array): void => {
    if (this.#splitter !== null) {
      this.#splitter.take(bytes)
      return
    }
    this.#first = new Uint8Array(Buffer.concat([this.#first, bytes]))
    const end = this.#first.indexOf(LF)
    // Blank lines say nothing.
    const isBlank = end !== -1 && text.decode(this.#first.subarray(0, end)).trim() === ''
    if (isBlank) {
      const rest = this.#first.subarray(end + 1)
      this.#first = new Uint8Array()
      if (rest.length > 0) this.#onData(rest)
    } else if (end !== -1) this.#decide(formOf(this.#first.subarray(0, end)))
    else if (this.#first.length > MAX_FIRST_BYTES) this.#decide(formOf(this.#first))
  }

  #decide(form: 'lines' | 'json'): void {
    const first = this.#first
    this.#first = new Uint8Array()
    this.#splitter = this.#splitterOf(form)
    this.#splitter.take(first)
  }

  #splitterOf(form: 'lines' | 'json'): Splitter {
    const { maxBytes } = this.#options
    const onTooLong = (): void => this.#leaveOut(form)
    if (form === 'lines')
      return lineSplitter(Math.min(maxBytes, MAX_LINE_BYTES), {
        onPiece: line => this.#addLine(line),
        onTooLong,
      })
    return documentSplitter(maxBytes, { onPiece: document => this.#addDocument(document), onTooLong })
  }

  #leaveOut(form: 'lines' | 'json'): void {
    if (form === 'json')
      this.#report.bad('too_large', `a document is larger than ${this.#options.maxBytes} bytes`)
    else if (!this.#isLongLogged) {
      this.#isLongLogged = true
      this.#log.warn(
        { source: this.name },
        `a line of more than ${MAX_LINE_BYTES} bytes is left out, and so is every further one`,
      )
    }
  }

  #addLine(bytes: Uint8Array): void {
    const { keep, maxBytes } = this.#options
    this.#rows.push({ bytes, row: null })
    this.#rowBytes += bytes.length
    this.#total++
    while (this.#rows.length > keep || (this.#rowBytes > maxBytes && this.#rows.length > 1))
      this.#rowBytes -= this.#rows.shift()?.bytes.length ?? 0
    this.#due()
  }

  #addDocument(bytes: Uint8Array): void {
    this.#document = bytes
    this.#due()
  }

  /** A reading comes now, or when the gap since the last one has passed. */
  #due(): void {
    this.#hasAny = true
    if (this.#cancelDue !== null || this.#closed) return
    const waitMs = Math.max(0, this.#dueAtMs - this.#clock.monotonicMs())
    const { timers = systemTimers } = this.#options
    this.#cancelDue = timers.after(waitMs, () => {
      this.#cancelDue = null
      this.#dueAtMs = this.#clock.monotonicMs() + GAP_MS
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null
        if (this.#document !== null) this.#due()
      })
    })
  }

  async #read(): Promise<void> {
    const bytes = this.#document ?? this.#onlyLine()
    this.#document = null
    if (bytes === null) {
      for (const row of this.#rows) row.row ??= rowOf(row.bytes)
      const items = this.#rows.map(({ row }) => row).reverse()
      this.#good({ items }, this.#rowBytes)
      return
    }
    const sizeBytes = bytes.length
    const made = await (this.#options.documents?.read ?? parseDocument)(bytes)
    if (this.#closed) return
    if (!made.ok) this.#report.bad(made.error, made.message)
    else this.#good(made.status, sizeBytes, made)
  }

  /** One object in one line is a document until a second line comes. */
  #onlyLine(): Uint8Array | null {
    const [only] = this.#rows
    if (this.#form !== 'any' || this.#total !== 1 || only === undefined) return null
    return 'line' in rowOf(only.bytes) ? null : new Uint8Array(only.bytes)
  }

  #good(status: Status, sizeBytes: number, { warnings = [], large }: MoreOf = {}): void {
    const nowMs = this.#clock.nowMs()
    this.#report.good({
      ok: true,
      status,
      readAtMs: nowMs,
      modifiedAtMs: nowMs,
      sizeBytes,
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(large === undefined ? {} : { large }),
    })
  }

  readonly #onEnd = (): void => {
    if (this.#splitter === null && this.#first.length > 0) this.#decide(formOf(this.#first))
    this.#splitter?.end()
    if (this.#hasAny) this.#log.info({ source: this.name }, 'the input has ended; what came last stays')
    else this.#report.bad('missing', 'the input ended before anything came')
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.#report.bad('io', `it cannot be read (${error.code ?? 'unknown'})`)
  }
}
