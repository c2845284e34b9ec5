// The audit trail as the relay uses it: `record` puts an entry into a bounded queue and returns; batches go to the writer one
// at a time, and a record is acknowledged when its batch is committed and synced.
//
//   queue ──▶ batch (one at a time) ──▶ writer
//              ▲ │ commit failed: kept, and retried after 1 s, 2 s … 30 s
//              └─┘
//
// Each record is also a line of the log, written with its batch: a line costs as much as a token.
//
// While the store is unavailable the queue fills; records that no longer fit are counted, logged, and recorded in the chain
// (`audit.lost`) once the store is available again. Refusals have a limit of their own (queue.ts); the counts of those beyond
// it are recorded once a minute.
import { type Clock, systemClock } from '../../clock/clock.js'
import type { Config } from '../../config/settings.js'
import type { Log } from '../../log/log.js'
import type { AuditEntry, AuditTrail } from '../ports.js'
import { type BackgroundWriter, createBackgroundWriter } from './background.js'
import type { Head } from './chain.js'
import { type Draft, draftOf, type LogLine, logLineOf, ownDraft } from './draft.js'
import type { CarriedOut, ErasureRequest } from './erasure-requests.js'
import { type AuditErrorCode, codeOf, readHead } from './files.js'
import { isRefusal, type LeftOut, Refusals, WaitingRecords } from './queue.js'
import { type SeenHead, seenText } from './witness.js'
import type { WriterOptions } from './writer.js'

export type AuditSettings = Pick<Config, 'auditRequired' | 'auditStoreEmail' | 'auditRetentionDays'>

export type AuditObserver = {
  onCommitted?(operation: string): void
  /** A batch could not be committed. */
  onFailure?(): void
}

export type TrailOptions = {
  readonly store: Omit<WriterOptions, 'asServer'>
  /** The settings in force; another object after a reload. */
  readonly settings: () => AuditSettings
  readonly observer?: AuditObserver
  readonly log: Log
  readonly clock?: Clock
  /** Of a fleet: the server, as a label of its lines in the log; null: not known yet. */
  readonly instance?: () => string | null
  readonly writer?: BackgroundWriter
  /** Limit of waiting records; default 20 000. */
  readonly maxWaiting?: number
  /** The first wait before a failed batch is retried; default 1000. */
  readonly firstRetryMs?: number
  /** How often the counts of refusals without a record are recorded; default 60 000. */
  readonly countEveryMs?: number
  /** How often an idle trail looks whether its database is still there; default 2000. */
  readonly checkEveryMs?: number
}

/** What the trails of a fleet share (src/chat/shared/audit.ts). */
export type SharedTrail = {
  /** The newest signed head; null: there is none yet. */
  head(): Promise<Head | null>
  /** Records the heads of the other servers; `by`: this one. */
  witness(by: string, heads: readonly SeenHead[]): void
  /** The requests to erase that this trail knows. Null: its store is unavailable. */
  requests(): Promise<readonly ErasureRequest[] | null>
  /** An answer for each; null: its store is unavailable. */
  carryOut(requests: readonly ErasureRequest[]): Promise<readonly CarriedOut[] | null>
}

export type StartedTrail = AuditTrail &
  SharedTrail & {
    /** Resolves after the first attempt to open the store; further attempts follow. Never rejects. */
    readonly opened: Promise<void>
  }

/**
 * So many entries wait as they came: the first word of an answer would wait for its record to be made, and making those of a batch
 * in a row costs less.
 */
const MAX_UNMADE = 64
/**
 * How long the first record of a batch waits for others: what a killed server may lose. A batch costs as much as a dozen
 * streams' records, so many small ones would slow down the answers.
 */
const GATHER_MS = 100
const MAX_BATCH = 500
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000
const COUNT_EVERY_MS = 60_000
/** Each batch looks too. */
const CHECK_EVERY_MS = 2_000
const DAY_MS = 86_400_000
/** Their messages say what to change, so they are logged; of other errors only the code. */
const OURS: ReadonlySet<string> = new Set<AuditErrorCode>([
  'in_use',
  'other_name',
  'wrong_key',
  'missing',
  'changed',
  'vanished',
  'writer_ended',
])

/** Accepts records at once; they wait while the store is being opened. */
export function startAuditTrail(options: TrailOptions): StartedTrail {
  return new Trail(options)
}

export type LateTrail = AuditTrail &
  SharedTrail & {
    /** Starts it, once; resolves after the first attempt to open the store. Never rejects. */
    start(): Promise<void>
  }

/** A trail that starts when it is first needed: a server without the relay opens nothing. `isRequired` applies before that. */
export function lateTrail(startTrail: () => StartedTrail, isRequired: () => boolean): LateTrail {
  let trail: StartedTrail | null = null
  const started = (): StartedTrail => {
    trail ??= startTrail()
    return trail
  }
  return {
    start: () => started().opened,
    record: entry => started().record(entry),
    canStart: () => trail?.canStart() ?? !isRequired(),
    close: async () => trail?.close(),
    head: async () => trail?.head() ?? null,
    witness: (by, heads) => started().witness(by, heads),
    requests: () => started().requests(),
    carryOut: requests => started().carryOut(requests),
  }
}

class Trail implements StartedTrail {
  readonly opened: Promise<void>
  readonly #options: TrailOptions
  readonly #writer: BackgroundWriter
  readonly #clock: Clock
  readonly #waiting: WaitingRecords
  readonly #refusals = new Refusals()
  /** Not made records yet, in order. */
  #unmade: AuditEntry[] = []
  /** Log lines of waiting records. */
  #lines: LogLine[] = []
  /** The next batch records the counts of refusals without a record. */
  #isCountDue = false
  #lostSinceMs = 0
  #isOpen = false
  /** Since when the store is unavailable; null: it is available. */
  #failingSinceMs: number | null = null
  #retryMs: number
  #timer: NodeJS.Timeout | null = null
  readonly #sweepTimer: NodeJS.Timeout
  readonly #countTimer: NodeJS.Timeout
  readonly #checkTimer: NodeJS.Timeout
  #committing: Promise<void> | null = null
  #closing: Promise<void> | null = null

  constructor(options: TrailOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#waiting = new WaitingRecords(options.maxWaiting)
    this.#retryMs = options.firstRetryMs ?? FIRST_RETRY_MS
    this.#writer = options.writer ?? createBackgroundWriter({ ...options.store, asServer: true })
    this.#sweepTimer = setInterval(() => void this.#sweep(), DAY_MS).unref()
    this.#countTimer = setInterval(() => this.#countSoon(), options.countEveryMs ?? COUNT_EVERY_MS).unref()
    this.#checkTimer = setInterval(() => void this.#check(), options.checkEveryMs ?? CHECK_EVERY_MS).unref()
    this.opened = this.#commit()
  }

  record(entry: AuditEntry): void {
    if (isRefusal(entry) && !this.#refusals.take(entry, this.#clock.monotonicMs())) return
    this.#unmade.push(entry)
    const isFull = this.#waiting.count + this.#unmade.length > this.#waiting.maxRecords
    if (isFull || this.#unmade.length >= MAX_UNMADE || this.#closing !== null) this.#makeRecords()
    if (this.#closing === null) this.#commitIn(GATHER_MS)
  }

  head(): Promise<Head | null> {
    return readHead(this.#options.store.path)
  }

  witness(by: string, heads: readonly SeenHead[]): void {
    if (this.#closing !== null) return
    this.#makeRecords()
    const details = { by, heads: heads.map(seenText) }
    this.#waiting.add(ownDraft('audit.witness', this.#clock.nowMs(), details))
    this.#commitIn(GATHER_MS)
  }

  async requests(): Promise<readonly ErasureRequest[] | null> {
    return this.#isUsable ? this.#writer.requests(Math.round(this.#clock.nowMs())) : null
  }

  async carryOut(requests: readonly ErasureRequest[]): Promise<readonly CarriedOut[] | null> {
    if (!this.#isUsable) return null
    const answers = await this.#writer.carryOut(requests, Math.round(this.#clock.nowMs()))
    for (const answer of answers)
      if (answer === 'done') this.#options.observer?.onCommitted?.('audit.erase_request')
    return answers
  }

  get #isUsable(): boolean {
    return this.#isOpen && this.#failingSinceMs === null && this.#closing === null
  }

  #makeRecords(): void {
    const { settings, log } = this.#options
    const entries = this.#unmade
    this.#unmade = []
    const before = this.#waiting.lost
    const { auditStoreEmail: storeEmail } = settings()
    for (const entry of entries) {
      if (this.#closing !== null) this.#waiting.lose()
      else if (this.#waiting.add(draftOf(entry, { storeEmail }))) {
        const line = logLineOf(entry)
        if (line !== null) this.#lines.push(line)
      }
    }
    if (before > 0 || this.#waiting.lost === 0) return
    this.#lostSinceMs = this.#clock.nowMs()
    log.error('audit records are being lost: the store is unavailable and the queue is full')
  }

  canStart(): boolean {
    return (this.#isOpen && this.#failingSinceMs === null) || !this.#options.settings().auditRequired
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { log } = this.#options
    // Before the trail counts as closing: these came in time.
    this.#makeRecords()
    clearInterval(this.#sweepTimer)
    clearInterval(this.#countTimer)
    clearInterval(this.#checkTimer)
    await this.#committing
    this.#isCountDue = true
    // As long as commits succeed; a failed one is not retried.
    do {
      this.#cancelTimer()
      await this.#commit()
    } while (this.#waiting.count > 0 && this.#failingSinceMs === null)
    this.#cancelTimer()
    if (this.#waiting.count > 0) {
      log.error({ records: this.#waiting.count }, 'audit records are lost: the store is unavailable')
    }
    await this.#writer.close().catch((error: unknown) => {
      log.error({ code: codeOf(error) }, 'the audit trail could not be closed')
    })
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #countSoon(): void {
    if (this.#refusals.leftOut === null) return
    this.#isCountDue = true
    this.#commitIn(0)
  }

  #commitIn(ms: number): void {
    if (this.#timer !== null || this.#committing !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#commit()
    }, ms)
    this.#timer.unref()
  }

  /** Never rejects. */
  #commit(): Promise<void> {
    this.#committing ??= this.#commitBatch().finally(() => {
      this.#committing = null
      if (this.#closing !== null) return
      if (this.#failingSinceMs !== null) this.#commitIn(this.#retryMs)
      else if (this.#waiting.count + this.#unmade.length > 0)
        this.#commitIn(this.#waiting.count >= MAX_BATCH ? 0 : GATHER_MS)
    })
    return this.#committing
  }

  async #commitBatch(): Promise<void> {
    const { log, observer } = this.#options
    this.#makeRecords()
    const instance = this.#options.instance?.() ?? null
    const labels = instance === null ? {} : { app: 'g6-audit', instance }
    for (const line of this.#lines.splice(0)) log.info({ ...line, ...labels }, 'audit record')
    const { lost } = this.#waiting
    const batch = this.#waiting.oldest(MAX_BATCH)
    const leftOut = this.#isCountDue ? this.#refusals.leftOut : null
    const drafts = [
      ...batch,
      ...(lost === 0
        ? []
        : [this.#countDraft('audit.lost', { sinceMs: this.#lostSinceMs, counts: { records: lost } })]),
      ...(leftOut === null ? [] : [this.#countDraft('audit.left_out', leftOut)]),
    ]
    try {
      if (!this.#isOpen) await this.#open()
      if (drafts.length > 0) {
        const { headFault } = await this.#writer.append(drafts)
        this.#waiting.committed(batch, lost)
        if (leftOut !== null) this.#countsCommitted(leftOut)
        for (const { operation } of drafts) observer?.onCommitted?.(operation)
        if (headFault !== null) log.warn({ code: headFault }, 'the audit head could not be written')
      }
      this.#succeeded()
    } catch (error) {
      this.#failed(error)
    }
  }

  #countDraft(operation: `audit.${string}`, { sinceMs, counts }: LeftOut): Draft {
    return ownDraft(operation, this.#clock.nowMs(), { ...counts, sinceMs: Math.round(sinceMs) })
  }

  #countsCommitted(leftOut: LeftOut): void {
    this.#refusals.committed(leftOut, this.#clock.nowMs())
    this.#isCountDue = false
    this.#options.log.warn(leftOut.counts, 'too many refusals: these have no audit record of their own')
  }

  async #open(): Promise<void> {
    const { log } = this.#options
    const { keyMadeAt, crashed, headMismatch, sealsRemoved, lostRecords } = await this.#writer.open()
    this.#isOpen = true
    if (keyMadeAt !== null) {
      log.warn(
        { path: keyMadeAt },
        'G6_AUDIT_KEY is not set: a key for the audit trail was created; keep a copy of it',
      )
    }
    if (crashed > 0)
      log.warn({ streams: crashed }, 'chat streams left open by a crash were ended in the audit')
    if (headMismatch) log.error('the audit head does not match the records: run g6 audit verify')
    if (sealsRemoved) log.error('the marks of the audit tables were removed: run g6 audit verify')
    if (lostRecords !== null) {
      log.error({ records: lostRecords }, 'the audit trail was begun again: the records before are missing')
    }
    void this.#sweep()
  }

  /** So that with G6_AUDIT_REQUIRED the first question after the database vanished is refused too. */
  async #check(): Promise<void> {
    if (!this.#isOpen || this.#failingSinceMs !== null || this.#committing !== null) return
    try {
      await this.#writer.check()
    } catch (error) {
      if (this.#closing !== null) return
      this.#failed(error)
      this.#commitIn(this.#retryMs)
    }
  }

  async #sweep(): Promise<void> {
    if (!this.#isOpen) return
    const { log, settings } = this.#options
    const nowMs = Math.round(this.#clock.nowMs())
    try {
      const { records } = await this.#writer.sweep(nowMs - settings().auditRetentionDays * DAY_MS, nowMs)
      if (records > 0) log.info({ records }, 'audit records past their retention were removed')
    } catch (error) {
      log.error({ code: codeOf(error) }, 'old audit records could not be removed; retrying in a day')
    }
  }

  #succeeded(): void {
    if (this.#failingSinceMs !== null) this.#options.log.info('the audit store is available again')
    this.#failingSinceMs = null
    this.#retryMs = this.#options.firstRetryMs ?? FIRST_RETRY_MS
  }

  #failed(error: unknown): void {
    const { log, observer } = this.#options
    const code = codeOf(error)
    observer?.onFailure?.()
    if (this.#failingSinceMs === null) {
      this.#failingSinceMs = this.#clock.nowMs()
      const why = error instanceof Error && OURS.has(code) ? error.message : code
      log.error({ code, why, setting: 'G6_AUDIT_DB' }, 'the audit store is unavailable; records are queued')
    } else this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2)
    if (code === 'writer_ended' || code === 'vanished') this.#isOpen = false
  }
}
