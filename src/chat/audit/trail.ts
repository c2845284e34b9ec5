// The audit trail as the relay sees it: `record` puts an entry into a bounded queue and returns; batches go to the writer
// one at a time, and a record is acknowledged when its batch is committed and synced.
//
//   queue ──▶ batch (one under way) ──▶ writer
//              ▲ │ could not be committed: kept, and tried again after 1 s, 2 s … 30 s
//              └─┘
//
// Each record is a line of the log too, written with its batch: a line costs as much as a token, and a batch waits anyway.
//
// While the store takes nothing the queue fills; what no longer fits is counted, logged, and told in the chain itself
// (`audit.lost`) as soon as the store takes records again. Refused requests have a bound of their own (refusals.ts); what is
// beyond it is told once a minute.
import { type Clock, systemClock } from '../../clock/clock.js'
import type { Log } from '../../log/log.js'
import type { AuditEntry, AuditTrail } from '../ports.js'
import type { DeskOptions } from './desk.js'
import { type Draft, draftOf, ownDraft } from './draft.js'
import { type AuditErrorCode, codeOf } from './errors.js'
import { type LogLine, logLineOf } from './log-line.js'
import { isRefusal, type LeftOut, Refusals } from './refusals.js'
import { WaitingRecords } from './waiting.js'
import { type AuditWriter, createWriter } from './writer.js'

export type AuditSettings = {
  readonly auditRequired: boolean
  readonly auditStoreEmail: boolean
  readonly auditRetentionDays: number
}

export type AuditObserver = {
  onCommitted?(operation: string): void
  /** A batch could not be committed. */
  onFailure?(): void
}

export type TrailOptions = {
  readonly desk: Omit<DeskOptions, 'asServer'>
  /** The settings in force; another object after a reload. */
  readonly settings: () => AuditSettings
  readonly observer?: AuditObserver
  readonly log: Log
  readonly clock?: Clock
  readonly writer?: AuditWriter
  /** Records waiting, at most; default 20 000. */
  readonly maxWaiting?: number
  /** The first wait before a batch that failed is tried again; default 1000. */
  readonly firstRetryMs?: number
  /** How often refusals without a record are told; default 60 000. */
  readonly tellEveryMs?: number
}

export type StartedTrail = AuditTrail & {
  /** Resolves when the store was tried once: one that cannot be opened is tried again and again. Never rejects. */
  readonly opened: Promise<void>
}

/**
 * How long the first record of a batch waits for others: what a killed server may lose. A batch costs as much as a dozen streams'
 * records, so many small ones would take the processor from the answers.
 */
const GATHER_MS = 100
const MAX_BATCH = 500
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000
const TELL_EVERY_MS = 60_000
const DAY_MS = 86_400_000
const OURS: ReadonlySet<string> = new Set<AuditErrorCode>(['in_use', 'wrong_key', 'missing', 'writer_ended'])

/** Records are taken at once, and wait while the store is being opened. */
export function startAuditTrail(options: TrailOptions): StartedTrail {
  const trail = new Trail(options)
  return {
    opened: trail.start(),
    record: entry => trail.record(entry),
    canStart: () => trail.canStart(),
    close: () => trail.close(),
  }
}

class Trail {
  readonly #options: TrailOptions
  readonly #writer: AuditWriter
  readonly #clock: Clock
  readonly #waiting: WaitingRecords
  readonly #refusals = new Refusals()
  /** Of records that wait, lines that are not written yet. */
  #lines: LogLine[] = []
  /** The refusals without a record are to be told with the next batch. */
  #isTellDue = false
  #lostSinceMs = 0
  #isOpen = false
  /** Since when the store takes nothing; null: it does. */
  #failingSinceMs: number | null = null
  #retryMs: number
  #timer: NodeJS.Timeout | null = null
  #sweepTimer: NodeJS.Timeout | null = null
  #tellTimer: NodeJS.Timeout | null = null
  #underWay: Promise<void> | null = null
  #closing: Promise<void> | null = null

  constructor(options: TrailOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#waiting = new WaitingRecords(options.maxWaiting)
    this.#retryMs = options.firstRetryMs ?? FIRST_RETRY_MS
    this.#writer = options.writer ?? createWriter({ ...options.desk, asServer: true })
  }

  async start(): Promise<void> {
    this.#sweepTimer = setInterval(() => void this.#sweep(), DAY_MS).unref()
    this.#tellTimer = setInterval(() => this.#tell(), this.#options.tellEveryMs ?? TELL_EVERY_MS).unref()
    await this.#commit()
  }

  record(entry: AuditEntry): void {
    if (isRefusal(entry) && !this.#refusals.take(entry, this.#clock.monotonicMs())) return
    const before = this.#waiting.lost
    if (this.#closing !== null) this.#waiting.lose()
    else if (this.#waiting.add(draftOf(entry, { storeEmail: this.#options.settings().auditStoreEmail }))) {
      const line = logLineOf(entry)
      if (line !== null) this.#lines.push(line)
      this.#commitIn(GATHER_MS)
    }
    if (before === 0 && this.#waiting.lost > 0) this.#saysLost()
  }

  canStart(): boolean {
    return (this.#isOpen && this.#failingSinceMs === null) || !this.#options.settings().auditRequired
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const timer of [this.#sweepTimer, this.#tellTimer]) if (timer !== null) clearInterval(timer)
    await this.#underWay
    this.#isTellDue = true
    // As long as batches are taken; one that is not is not tried again.
    do {
      if (this.#timer !== null) clearTimeout(this.#timer)
      this.#timer = null
      await this.#commit()
    } while (this.#waiting.count > 0 && this.#failingSinceMs === null)
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#waiting.count > 0) {
      this.#options.log.error(
        { records: this.#waiting.count },
        'audit records are lost: the store takes none',
      )
    }
    await this.#writer.close().catch((error: unknown) => {
      this.#options.log.error({ code: codeOf(error) }, 'the audit trail could not be closed')
    })
  }

  #saysLost(): void {
    this.#lostSinceMs = this.#clock.nowMs()
    this.#options.log.error('audit records are being lost: too many wait for a store that takes none')
  }

  #tell(): void {
    if (this.#refusals.leftOut === null) return
    this.#isTellDue = true
    this.#commitIn(0)
  }

  #commitIn(ms: number): void {
    if (this.#timer !== null || this.#underWay !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#commit()
    }, ms)
    this.#timer.unref()
  }

  /** Commits a batch; never rejects. */
  async #commit(): Promise<void> {
    this.#underWay ??= this.#commitBatch().finally(() => {
      this.#underWay = null
      if (this.#closing !== null) return
      if (this.#failingSinceMs !== null) this.#commitIn(this.#retryMs)
      else if (this.#waiting.count > 0) this.#commitIn(this.#waiting.count >= MAX_BATCH ? 0 : GATHER_MS)
    })
    return this.#underWay
  }

  #writeLines(): void {
    const lines = this.#lines
    this.#lines = []
    for (const line of lines) this.#options.log.info(line, 'audit record')
  }

  async #commitBatch(): Promise<void> {
    this.#writeLines()
    const { lost } = this.#waiting
    const batch = this.#waiting.oldest(MAX_BATCH)
    const leftOut = this.#isTellDue ? this.#refusals.leftOut : null
    const drafts = [
      ...batch,
      ...(lost === 0 ? [] : [this.#lostDraft(lost)]),
      ...(leftOut === null ? [] : [this.#leftOutDraft(leftOut)]),
    ]
    try {
      if (!this.#isOpen) await this.#open()
      if (drafts.length === 0) {
        this.#works()
        return
      }
      const { headFault } = await this.#writer.append(drafts)
      this.#waiting.takeOff(batch, lost)
      if (leftOut !== null) this.#saysLeftOut(leftOut)
      for (const { operation } of drafts) this.#options.observer?.onCommitted?.(operation)
      if (headFault !== null)
        this.#options.log.warn({ code: headFault }, 'the audit head could not be written')
      this.#works()
    } catch (error) {
      this.#fails(error)
    }
  }

  #lostDraft(records: number): Draft {
    return ownDraft('audit.lost', this.#clock.nowMs(), { records, sinceMs: Math.round(this.#lostSinceMs) })
  }

  #leftOutDraft({ sinceMs, counts }: LeftOut): Draft {
    return ownDraft('audit.left_out', this.#clock.nowMs(), { ...counts, sinceMs: Math.round(sinceMs) })
  }

  #saysLeftOut(leftOut: LeftOut): void {
    this.#refusals.told(leftOut, this.#clock.nowMs())
    this.#isTellDue = false
    this.#options.log.warn(leftOut.counts, 'so many refusals that these have no audit record of their own')
  }

  async #open(): Promise<void> {
    const { log } = this.#options
    const { keyMadeAt, crashed, headMismatch } = await this.#writer.open()
    this.#isOpen = true
    if (keyMadeAt !== null) {
      log.warn(
        { path: keyMadeAt },
        'no G6_AUDIT_KEY is set: a key for the audit trail was made; keep a copy of it',
      )
    }
    if (crashed > 0)
      log.warn({ streams: crashed }, 'chat streams that a crash left open were ended in the audit')
    if (headMismatch) log.error('the audit head does not fit the records: see g6 audit verify')
    void this.#sweep()
  }

  async #sweep(): Promise<void> {
    if (!this.#isOpen) return
    const { log, settings } = this.#options
    const nowMs = Math.round(this.#clock.nowMs())
    try {
      const { records } = await this.#writer.sweep(nowMs - settings().auditRetentionDays * DAY_MS, nowMs)
      if (records > 0) log.info({ records }, 'audit records past their retention were removed')
    } catch (error) {
      log.error({ code: codeOf(error) }, 'the audit trail could not be swept; it is tried again tomorrow')
    }
  }

  #works(): void {
    if (this.#failingSinceMs !== null) this.#options.log.info('the audit trail takes records again')
    this.#failingSinceMs = null
    this.#retryMs = this.#options.firstRetryMs ?? FIRST_RETRY_MS
  }

  #fails(error: unknown): void {
    const { log, observer } = this.#options
    observer?.onFailure?.()
    if (this.#failingSinceMs === null) {
      this.#failingSinceMs = this.#clock.nowMs()
      // Our own messages say what to change; SQLite's have a code.
      const why = error instanceof Error && OURS.has(codeOf(error)) ? error.message : codeOf(error)
      log.error({ code: codeOf(error), why }, 'the audit trail takes no records; they wait')
    } else this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2)
    if (codeOf(error) === 'writer_ended') this.#isOpen = false
  }
}
