// Documents that others send: `PUT /push/NAME` replaces the document, `POST` changes it by a JSON merge patch. The source opens
// nothing itself; the HTTP server has the route, and knows this as its target.
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { PushFault, PushTarget } from '../engine/push-target.js'
import type { Source } from '../engine/source.js'
import { mergePatch } from '../ingest/merge.js'
import { type LineLog, SILENT } from '../log/silent.js'
import type { GoodReading, Reading } from '../snapshot/reading.js'
import { type DocumentReader, parseDocument } from './document.js'
import { Report } from './report.js'

export type PushOptions = {
  readonly target: string
  /** Null while it cannot be read: nobody may send then. */
  readonly token: () => Promise<string | null>
  /** A longer time without a push is a fault; null: never. */
  readonly expectMs: number | null
  /** `G6_STATUS_MAX_BYTES` */
  readonly maxBytes: number
  /** Reads the documents; by default at once. It is closed with the source. */
  readonly documents?: { readonly read: DocumentReader; close(): Promise<void> }
  readonly clock?: Clock
  readonly timers?: Timers
  readonly log?: LineLog
}

const tooLarge = (message: string): PushFault => ({ kind: 'too_large', message })

export class PushSource implements Source, PushTarget {
  readonly name: string
  readonly token: PushTarget['token']
  readonly pushTargets: readonly [PushTarget]
  readonly #options: PushOptions
  readonly #clock: Clock
  readonly #report: Report
  #good: GoodReading | null = null
  /** The push that is being read. */
  #reading: Promise<unknown> | null = null
  #cancelExpected: () => void = () => {}
  #closed = false

  constructor(options: PushOptions) {
    const { target, clock = systemClock, log = SILENT } = options
    this.#options = options
    this.#clock = clock
    this.name = target
    this.token = options.token
    this.pushTargets = [this]
    this.#report = new Report({ name: `push:${target}`, clock, log })
  }

  start(onReading: (reading: Reading) => void): void {
    this.#report.open(onReading)
    this.#expect()
  }

  /** Nothing to do: others send what is new. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#report.close()
    this.#cancelExpected()
    await this.#reading
    await this.#options.documents?.close()
  }

  document(): Uint8Array | null {
    const good = this.#good
    if (good === null || (good.large?.omitted ?? 0) > 0) return null
    return new TextEncoder().encode(JSON.stringify(good.status))
  }

  replace(body: Uint8Array, ageMs = 0): Promise<PushFault | null> {
    return this.#inTurn(() => this.#read(body, ageMs))
  }

  merge(body: Uint8Array): Promise<PushFault | null> {
    return this.#inTurn(async () => {
      const patch = parseDocument(body)
      if (!patch.ok) return { kind: 'unusable', message: `the patch cannot be used: ${patch.message}` }
      const { status = {}, large } = this.#good ?? {}
      // Here is only the beginning of it.
      if (large !== undefined && large.omitted > 0)
        return tooLarge('the document is too large to be changed in part; PUT the whole document')
      const merged = mergePatch(status, patch.status)
      if (!merged.ok) return { kind: 'unusable', message: `the patch cannot be used: ${merged.why}` }
      return this.#read(new TextEncoder().encode(JSON.stringify(merged.status)))
    })
  }

  /** One push at a time. */
  async #inTurn(push: () => Promise<PushFault | null>): Promise<PushFault | null> {
    if (this.#reading !== null || this.#closed) return { kind: 'busy' }
    const reading = push()
    this.#reading = reading
    try {
      return await reading
    } finally {
      this.#reading = null
    }
  }

  async #read(bytes: Uint8Array, ageMs = 0): Promise<PushFault | null> {
    const { maxBytes, documents, expectMs } = this.#options
    const sizeBytes = bytes.length
    if (sizeBytes > maxBytes)
      return tooLarge(`the document would be larger than ${maxBytes} bytes (G6_STATUS_MAX_BYTES)`)
    const made = await (documents?.read ?? parseDocument)(bytes)
    if (!made.ok) return { kind: 'unusable', message: made.message }
    const { status, warnings, large } = made
    const nowMs = this.#clock.nowMs()
    const good: GoodReading = {
      ok: true,
      status,
      readAtMs: nowMs,
      modifiedAtMs: nowMs - ageMs,
      sizeBytes,
      ...(expectMs === null ? {} : { everyMs: expectMs }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(large === undefined ? {} : { large }),
    }
    this.#good = good
    this.#expect(ageMs)
    this.#report.good(good)
    return null
  }

  /** The time to the next push began so long ago. */
  #expect(ageMs = 0): void {
    const { expectMs, timers = systemTimers } = this.#options
    this.#cancelExpected()
    if (expectMs === null || this.#closed) return
    this.#cancelExpected = timers.after(Math.max(0, expectMs - ageMs), () => {
      this.#report.bad('timeout', `nothing was pushed within ${expectMs / 1000} s, as it is expected to be`)
    })
  }
}
