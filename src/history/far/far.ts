// Far history as the server uses it: minutes and verdicts are kept waiting, and written together once a minute. What goes wrong with the
// file costs history and nothing else: it is logged once, counted, and tried again with the next minute.
import type { Clock } from '../../clock/clock.js'
import { type Moment, momentNow } from '../../clock/moment.js'
import { systemTimers, type Timers } from '../../clock/timers.js'
import { WINDOW_SEC } from '../../display/series.js'
import type { Log } from '../../log/log.js'
import type { NearHistory } from '../near.js'
import type { VerdictLog } from '../verdict-log.js'
import type { FarCalls } from './calls.js'
import {
  FarError,
  type FarErrorCode,
  type FarValues,
  type MinuteBatch,
  type NumberedRow,
  type Opened,
  type ReadCall,
  type StoreState,
} from './messages.js'
import { minuteOf } from './roll.js'

export type FarObserver = {
  readonly onError: (what: 'open' | 'write' | 'read') => void
  readonly onLost: (minutes: number) => void
}

export type FarOptions = {
  readonly calls: FarCalls
  readonly near: Pick<NearHistory, 'restore' | 'flush'>
  readonly verdicts: VerdictLog
  readonly keptMinutes: number
  readonly clock: Clock
  readonly log: Log
  readonly observer: FarObserver
  readonly timers?: Timers
}

/** Minutes that wait while the file cannot be written; the oldest goes first. */
const MAX_WAITING = 15
/** Questions at once; a disk that hangs must not collect them. */
const MAX_READS = 32
const READ_MS = 10_000
/** How long the first board waits for the file, and the end for the last minute. */
const OPEN_MS = 1_000
const CLOSE_MS = 2_000
const REMOVE_EVERY_MS = 3_600_000
/** A wall clock that went another way than the steady one by more than this was set: nothing is removed by its time. */
const SET_BY_MS = 600_000

/** Their messages say what to change. */
const OURS: ReadonlySet<string> = new Set<FarErrorCode>([
  'in_use',
  'other_name',
  'foreign',
  'newer',
  'damaged',
  'vanished',
  'ended',
])

export class FarHistory {
  readonly #options: FarOptions
  readonly #timers: Timers
  #waiting: MinuteBatch[] = []
  #working: Promise<void> | null = null
  #isOpen = false
  #isRestored = false
  /** The number of the first row of the verdict log of this server; and how many of its ended rows are stored. */
  #firstNo = 1
  #stored = 0
  #state: StoreState = { oldestMinute: null, bytes: 0 }
  #storedAt: Moment
  #removedAt: Moment
  #isFailing = false
  #lost = 0
  #reads = 0
  #isClosed = false

  constructor(options: FarOptions) {
    this.#options = options
    this.#timers = options.timers ?? systemTimers
    this.#storedAt = momentNow(options.clock)
    this.#removedAt = this.#storedAt
  }

  /** From when minutes are stored, epoch ms; null: none is. */
  get oldestMs(): number | null {
    return this.#state.oldestMinute === null ? null : this.#state.oldestMinute * 60_000
  }

  get bytes(): number {
    return this.#state.bytes
  }

  /** Since a minute was stored, seconds. */
  lagSec(now: Moment): number {
    return Math.max(0, now.monotonicMs - this.#storedAt.monotonicMs) / 1000
  }

  /** Resolves when the file is open and what it knows was taken, or after a second. */
  open(): Promise<void> {
    return this.#within(OPEN_MS, this.#work())
  }

  /** A minute that is over. */
  take(batch: MinuteBatch): void {
    this.#waiting.push(batch)
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift()
      this.#lost++
      this.#options.observer.onLost(1)
    }
    void this.#work()
  }

  /** Null: it cannot be read now. */
  async read(call: Omit<ReadCall, 'do'>): Promise<readonly FarValues[] | null> {
    if (!this.#isOpen || this.#reads >= MAX_READS || call.ids.length === 0) return null
    this.#reads++
    const { calls } = this.#options
    // After what is being written, so that no minute is in neither history.
    const asked = (this.#working ?? Promise.resolve())
      .then(() => calls.call({ do: 'read', ...call }))
      // The border: the answer to a call has the type of that call.
      .then(values => values as readonly FarValues[])
      .finally(() => this.#reads--)
    try {
      return await this.#within(READ_MS, asked, new FarError('late', 'the history does not answer'))
    } catch (error) {
      this.#failed('read', error)
      return null
    }
  }

  /** Stores the open minute. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#options.near.flush()
    this.#isClosed = true
    const { calls, log } = this.#options
    const done = async (): Promise<void> => {
      // What runs now may have begun before the last minute came.
      await this.#work()
      if (!this.#isOpen) return
      await this.#write()
      await calls.call({ do: 'close' })
    }
    await this.#within(
      CLOSE_MS,
      done().catch((error: unknown) => this.#failed('write', error)),
    )
    if (this.#waiting.length > 0)
      log.error({ minutes: this.#waiting.length }, 'the last minutes of history are not stored')
    await calls.end()
  }

  #work(): Promise<void> {
    this.#working ??= this.#store().finally(() => {
      this.#working = null
    })
    return this.#working
  }

  async #store(): Promise<void> {
    try {
      if (!this.#isOpen) await this.#openFile()
    } catch (error) {
      this.#failed('open', error)
      return
    }
    try {
      while (this.#waiting.length > 0) await this.#write()
    } catch (error) {
      this.#failed('write', error)
    }
  }

  async #openFile(): Promise<void> {
    const { calls, near, verdicts, clock, log } = this.#options
    const fromMinute = minuteOf(Math.floor(clock.nowMs() / 1000) - WINDOW_SEC)
    const opened = (await calls.call({ do: 'open', fromMinute })) as Opened
    this.#isOpen = true
    this.#state = opened
    if (opened.asideAt !== null)
      log.error(
        { kept: opened.asideAt },
        'the history is damaged; it is kept under another name, and a new one is begun',
      )
    // A file that was opened again may be a new one, without the rows of this server.
    this.#stored = 0
    if (this.#isRestored) return
    this.#isRestored = true
    this.#firstNo = (opened.verdicts.at(-1)?.no ?? 0) + 1
    verdicts.restore(opened.verdicts)
    near.restore(opened.recent)
  }

  async #write(): Promise<void> {
    const { calls, verdicts, clock } = this.#options
    const now = momentNow(clock)
    const minutes = this.#waiting.slice()
    const { ended } = verdicts
    const state = await calls.call({
      do: 'write',
      minutes,
      verdicts: this.#newRows(now),
      oldest: this.#removeNow(now),
    })
    this.#state = state as StoreState
    this.#waiting = this.#waiting.filter(batch => !minutes.includes(batch))
    this.#stored = ended
    this.#storedAt = now
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#options.log.info({ lost: this.#lost }, 'history is stored again')
    this.#lost = 0
  }

  /** The rows of this server that are not stored yet, and the one that lasts. */
  #newRows(now: Moment): readonly NumberedRow[] {
    const { verdicts } = this.#options
    const rows = verdicts.rows(now)
    const isOpen = rows.at(-1)?.toMs === null
    const count = Math.min(rows.length, verdicts.ended - this.#stored + (isOpen ? 1 : 0))
    const lastNo = this.#firstNo + verdicts.ended - (isOpen ? 0 : 1)
    return count === 0 ? [] : rows.slice(-count).map((row, i) => ({ ...row, no: lastNo - count + 1 + i }))
  }

  /** Once an hour: the first minute to keep, where the wall clock went as the steady one did. */
  #removeNow(now: Moment): number | null {
    const steadyMs = now.monotonicMs - this.#removedAt.monotonicMs
    if (steadyMs < REMOVE_EVERY_MS) return null
    const wasSet = Math.abs(now.wallMs - this.#removedAt.wallMs - steadyMs) > SET_BY_MS
    this.#removedAt = now
    return wasSet ? null : minuteOf(Math.floor(now.wallMs / 1000)) - this.#options.keptMinutes
  }

  #failed(what: 'open' | 'write' | 'read', error: unknown): void {
    const { log, observer } = this.#options
    observer.onError(what)
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    // Reading does not say that writing failed.
    if (what !== 'read' && code !== 'SQLITE_BUSY' && code !== 'SQLITE_FULL') this.#isOpen = false
    if (this.#isFailing) return
    this.#isFailing = what !== 'read'
    const message =
      error instanceof Error && OURS.has(code) ? error.message : `history cannot be ${DONE[what]}`
    log.error({ code }, `${message}; the server goes on without it and tries again every minute`)
  }

  /** `late`: what to throw after this time; null: it goes on unwatched. */
  async #within<T>(ms: number, work: Promise<T>, late?: Error): Promise<T>
  async #within(ms: number, work: Promise<void>): Promise<void>
  async #within<T>(ms: number, work: Promise<T>, late: Error | null = null): Promise<T | undefined> {
    let cancel = (): void => {}
    const over = new Promise<undefined>((resolve, reject) => {
      cancel = this.#timers.after(ms, () => (late === null ? resolve(undefined) : reject(late)))
    })
    try {
      return await Promise.race([work, over])
    } finally {
      cancel()
    }
  }
}

const DONE = { open: 'opened', write: 'stored', read: 'read' } as const
