// A source that is asked again and again: one question at a time, with a time limit for each. A failed answer changes nothing but
// the state of the source; an answer like the last one confirms it.
import { hash } from 'node:crypto'
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { Source } from '../engine/source.js'
import { type LineLog, SILENT } from '../log/silent.js'
import type { GoodReading, Reading, ReadingError, Status } from '../snapshot/reading.js'
import { type DocumentReader, parseDocument } from './document.js'
import { Report } from './report.js'

export type Answer = (
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'status'; readonly status: Status; readonly sizeBytes: number }
  /** It is known to be the same as the last one. */
  | { readonly kind: 'same' }
  | { readonly kind: 'bad'; readonly error: ReadingError; readonly message: string }
) & {
  /** The next question not sooner than after this time. */
  readonly waitMs?: number
}

/** Why a question was given up. */
export type GivenUp = 'timeout' | 'closed'

/**
 * Asks once; never throws. When the signal is aborted it ends soon; the reason is a `GivenUp`. `canConfirm`: the last answer
 * became a reading, so `same` means that reading.
 */
export type Ask = (signal: AbortSignal, canConfirm: boolean) => Promise<Answer>

export type PolledOptions = {
  readonly name: string
  readonly everyMs: number
  readonly timeoutMs: number
  readonly ask: Ask
  /** Reads the documents; by default at once. It is closed with the source. */
  readonly documents?: { readonly read: DocumentReader; close(): Promise<void> }
  /** Called once, at the end. */
  readonly onClose?: () => Promise<void>
  readonly clock?: Clock
  readonly timers?: Timers
  readonly log?: LineLog
  /** 0 up to 1: so that many programs do not ask at the same moment. */
  readonly random?: () => number
  /** It is asked this many times less often than `everyMs` says; by default once. Looked at after each answer. */
  readonly slower?: () => number
}

/** The wait is up to this part shorter or longer. */
const JITTER = 0.1
/** Between an answer and the next question. */
const LEAST_WAIT_MS = 50
/** However long a server asks to wait. */
const LONGEST_WAIT_MS = 3_600_000

export class PolledSource implements Source {
  readonly name: string
  readonly #options: PolledOptions
  readonly #clock: Clock
  readonly #report: Report
  #cancelNext: () => void = () => {}
  #asking: { readonly done: Promise<void>; readonly controller: AbortController } | null = null
  #lastHash: string | null = null
  #closed: Promise<void> | null = null

  constructor(options: PolledOptions) {
    this.#options = options
    this.name = options.name
    this.#clock = options.clock ?? systemClock
    this.#report = new Report({ name: options.name, clock: this.#clock, log: options.log ?? SILENT })
  }

  get #everyMs(): number {
    const { everyMs, slower = () => 1 } = this.#options
    return everyMs * slower()
  }

  start(onReading: (reading: Reading) => void): void {
    this.#report.open(onReading)
    void this.#ask()
  }

  async refresh(): Promise<void> {
    await this.#ask()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#report.close()
    this.#cancelNext()
    this.#asking?.controller.abort('closed' satisfies GivenUp)
    await this.#asking?.done
    await this.#options.documents?.close()
    await this.#options.onClose?.()
  }

  /** Now, or together with the question that waits for its answer. */
  #ask(): Promise<void> {
    if (this.#asking !== null) return this.#asking.done
    if (this.#closed !== null) return Promise.resolve()
    this.#cancelNext()
    const controller = new AbortController()
    const done = this.#askOnce(controller).then(nextMs => {
      this.#asking = null
      if (this.#closed !== null) return
      this.#cancelNext = (this.#options.timers ?? systemTimers).after(nextMs, () => void this.#ask())
    })
    this.#asking = { done, controller }
    return done
  }

  /** Returns when to ask next. */
  async #askOnce(controller: AbortController): Promise<number> {
    const { ask, timeoutMs, timers = systemTimers, random = Math.random } = this.#options
    const startedMs = this.#clock.monotonicMs()
    const cancel = timers.after(timeoutMs, () => controller.abort('timeout' satisfies GivenUp))
    const answer = await ask(controller.signal, this.#report.isGood)
    cancel()
    if (this.#closed === null) await this.#take(answer)
    const jitter = 1 + JITTER * (2 * random() - 1)
    const leftMs = startedMs + this.#everyMs * jitter - this.#clock.monotonicMs()
    return Math.max(leftMs, LEAST_WAIT_MS, Math.min(answer.waitMs ?? 0, LONGEST_WAIT_MS))
  }

  async #take(answer: Answer): Promise<void> {
    const report = this.#report
    switch (answer.kind) {
      case 'bad':
        report.bad(answer.error, answer.message)
        return
      case 'same':
        report.same(this.#everyMs)
        return
      case 'status':
        report.good({ ok: true, status: answer.status, sizeBytes: answer.sizeBytes, ...this.#now() })
        return
      case 'bytes':
        await this.#takeBytes(answer.bytes)
    }
  }

  async #takeBytes(bytes: Uint8Array): Promise<void> {
    const digest = hash('sha256', bytes, 'base64')
    if (digest === this.#lastHash) {
      this.#report.same(this.#everyMs)
      return
    }
    const sizeBytes = bytes.length
    const made = await (this.#options.documents?.read ?? parseDocument)(bytes)
    if (made.ok) this.#lastHash = digest
    if (!made.ok) {
      this.#report.bad(made.error, made.message)
      return
    }
    const { status, warnings, large } = made
    this.#report.good({
      ok: true,
      status,
      sizeBytes,
      ...this.#now(),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(large === undefined ? {} : { large }),
    })
  }

  #now(): Pick<GoodReading, 'readAtMs' | 'modifiedAtMs' | 'everyMs'> {
    const nowMs = this.#clock.nowMs()
    return { readAtMs: nowMs, modifiedAtMs: nowMs, everyMs: this.#everyMs }
  }
}
