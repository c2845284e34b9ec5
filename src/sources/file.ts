// The status file as a source: reads a change at once and once, and reports only what is new.
//
// File system events and a poll both request a read: one at a time, at most one per 20 ms, and a request during a read leads
// to another read after it, so the last change is never missed. A poll that finds nothing new does not count for the 20 ms.
// The poll is slow while events come. It is fast where they do not, and after the first change without an event.
import { type Clock, systemClock } from '../clock/clock.js'
import type { Source } from '../engine/source.js'
import { type LineLog, SILENT } from '../log/silent.js'
import type { BadReading, Reading } from '../snapshot/reading.js'
import type { DocumentReader } from './document.js'
import { type Detection, PathWatch, type WatchFolder } from './path-watch.js'
import { type FileMark, isUnchanged, type ReadEdge, readStatus } from './read-status.js'
import { afterReading, NOTHING_REPORTED, type Reported, reportDelayMs } from './reporting.js'

/** At most one read in this time. */
const MIN_READ_GAP_MS = 20
/** Between two polls where the system reports changes, and where it does not. */
const SLOW_POLL_MS = 2_000
const FAST_POLL_MS = 250
/** A file that is broken for a shorter time is not reported. */
const GRACE_MS = 1_000
/** Limit of different texts logged in one outage; health has the newest. */
const MAX_LINES = 8

export type FileSourceOptions = {
  readonly path: string
  /** `G6_STATUS_MAX_BYTES` */
  readonly maxBytes: number
  /** A file that is broken for a shorter time is not reported: it is being written. Default 1 s. */
  readonly graceMs?: () => number
  readonly clock?: Clock
  readonly log?: LineLog
  /** Between two polls, where the system reports changes (2 s) and where it does not (250 ms). */
  readonly slowPollMs?: number
  readonly fastPollMs?: number
  readonly edge?: ReadEdge
  /** Reads the documents; by default at once. It is closed with the source. */
  readonly documents?: { readonly read: DocumentReader; close(): Promise<void> }
  readonly watchFolder?: WatchFolder
}

/** Why the file is polled, for the log. */
function whyPolled(
  detection: Exclude<Detection, { readonly by: 'events' } | { readonly why: 'absent' }>,
): string {
  if (detection.why === 'file_system') return `${detection.name} does not report every change`
  if (detection.why === 'busy')
    return 'other files in its folder change all the time; give it a folder of its own'
  switch (detection.code) {
    case 'ENOSPC':
      return 'the folder cannot be watched (ENOSPC): all watches are used; raise fs.inotify.max_user_watches'
    case 'EMFILE':
      return 'the folder cannot be watched (EMFILE): no watch is left; raise fs.inotify.max_user_instances'
    default:
      return `the folder cannot be watched (${detection.code})`
  }
}

class FileSource implements Source {
  readonly name: string
  readonly #options: FileSourceOptions
  readonly #clock: Clock
  readonly #log: LineLog
  readonly #abort = new AbortController()
  readonly #path: PathWatch
  readonly #slowPollMs: number
  readonly #fastPollMs: number
  #onReading: (reading: Reading) => void = () => {}
  #poll: { readonly timer: NodeJS.Timeout; readonly ms: number } | null = null
  #isChecking = false
  /** An event came since the last read began. */
  #hasEvent = false
  /** A poll found a change that had no event so far. */
  #missesEvent = false
  /** The system does not report changes of this file. */
  #lacksEvents = false
  /** The logged reason for fast polls; null: none. */
  #polledBecause: string | null = null
  #pendingReads = 0
  /** Until the next read is allowed. */
  #gap: NodeJS.Timeout | null = null
  /** Until a bad reading is reported. */
  #grace: NodeJS.Timeout | null = null
  #reading: Promise<void> | null = null
  #readAgain = false
  #lastReadMs = Number.NEGATIVE_INFINITY
  #mark: FileMark | null = null
  #last: Reading | null = null
  #reported: Reported = NOTHING_REPORTED
  /** Texts logged since the file was last good. */
  readonly #logged = new Set<string>()

  constructor(options: FileSourceOptions) {
    this.name = options.path
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? SILENT
    this.#fastPollMs = options.fastPollMs ?? FAST_POLL_MS
    this.#slowPollMs = options.slowPollMs ?? SLOW_POLL_MS
    this.#path = new PathWatch(options.path, () => this.#onEvent(), options.watchFolder, this.#clock)
  }

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
    void this.#onPoll()
  }

  async refresh(): Promise<void> {
    while (this.#reading !== null) await this.#reading
    await this.#read()
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#path.close()
    for (const timer of [this.#poll?.timer, this.#gap, this.#grace]) if (timer != null) clearTimeout(timer)
    this.#gap = null
    await this.#options.documents?.close()
    await this.#reading
  }

  get #closed(): boolean {
    return this.#abort.signal.aborted
  }

  #onEvent(): void {
    this.#hasEvent = true
    this.#missesEvent = false
    this.#schedule()
    this.#requestRead()
  }

  async #onPoll(): Promise<void> {
    this.#poll = null
    this.#schedule()
    // A hanging file system delays the check; the read has a timeout and reports it.
    if (!this.#isChecking) {
      this.#isChecking = true
      if (await this.#isCalm()) {
        this.#isChecking = false
        return
      }
      const isNew = await this.#path.check()
      this.#isChecking = false
      if (this.#closed) return
      if (this.#missesEvent) this.#lacksEvents = true
      // A change before the watch began could have no event.
      if (isNew) {
        this.#lacksEvents = false
        this.#hasEvent = true
      }
      this.#missesEvent = false
      this.#logPolling()
      this.#schedule()
    }
    this.#requestRead(true)
  }

  /** The file is good and unchanged, and a change would be noticed: so nearly every poll of an idle process. */
  async #isCalm(): Promise<boolean> {
    const { detection } = this.#path
    const isWatched = this.#seesEvents || (detection.by === 'polls' && detection.why === 'busy')
    if (
      !isWatched ||
      this.#path.isMuteOver ||
      this.#missesEvent ||
      this.#last?.ok !== true ||
      this.#mark === null
    )
      return false
    return isUnchanged(this.#options.path, this.#mark)
  }

  get #seesEvents(): boolean {
    return this.#path.detection.by === 'events' && !this.#lacksEvents
  }

  /** Schedules the next poll; earlier than planned when events have turned out to be missing. */
  #schedule(): void {
    if (this.#closed) return
    const ms = this.#seesEvents ? this.#slowPollMs : this.#fastPollMs
    if (this.#poll !== null) {
      if (this.#poll.ms <= ms) return
      clearTimeout(this.#poll.timer)
    }
    this.#poll = { timer: setTimeout(() => void this.#onPoll(), ms), ms }
  }

  #logPolling(): void {
    const { detection } = this.#path
    if (detection.by === 'polls' && detection.why === 'absent') return // the reading says so
    const missed = this.#lacksEvents ? 'the system has not reported a change of the file' : null
    const because = detection.by === 'events' ? missed : whyPolled(detection)
    if (because === this.#polledBecause) return
    this.#polledBecause = because
    if (because === null) this.#log.info('the system reports changes of the status file again')
    else this.#log.warn(`the status file is polled every ${this.#fastPollMs} ms: ${because}`)
  }

  /** Reads now, or as soon as the gap allows. */
  #requestRead(isPoll = false): void {
    if (this.#closed || this.#gap !== null) return
    if (this.#reading !== null) {
      this.#readAgain = true
      return
    }
    const waitMs = this.#lastReadMs + MIN_READ_GAP_MS - this.#clock.monotonicMs()
    if (waitMs <= 0) {
      void this.#read(isPoll)
      return
    }
    if (isPoll) return // the next poll reads
    this.#gap = setTimeout(() => {
      this.#gap = null
      this.#requestRead()
    }, waitMs)
  }

  #read(isPoll = false): Promise<void> {
    const before = this.#lastReadMs
    this.#lastReadMs = this.#clock.monotonicMs()
    this.#readAgain = false
    this.#reading = this.#readOnce(isPoll)
      .then(isNew => {
        if (isPoll && !isNew) this.#lastReadMs = before
      })
      .finally(() => {
        this.#reading = null
        if (this.#readAgain) this.#requestRead()
      })
    return this.#reading
  }

  /** Whether anything was reported. */
  async #readOnce(isPoll: boolean): Promise<boolean> {
    // A cancelled read still hangs in the system: another one would hang too.
    if (this.#pendingReads > 0) return false
    const { path, maxBytes, edge, documents } = this.#options
    const known = this.#mark
    const hadEvent = this.#hasEvent
    this.#hasEvent = false
    const { reading, mark } = await readStatus({
      path,
      maxBytes,
      nowMs: this.#clock.nowMs,
      signal: this.#abort.signal,
      unless: known,
      onBegun: work => this.#count(work),
      ...(edge === undefined ? {} : { edge }),
      ...(documents === undefined ? {} : { document: documents.read }),
    })
    if (this.#closed) return false
    this.#mark = mark
    const isChanged = reading !== null && (known !== null || mark !== null)
    if (isPoll && isChanged && !hadEvent && !this.#hasEvent) this.#missesEvent = true
    this.#last = reading ?? this.#last
    if (this.#last === null || (reading === null && this.#last.ok)) return false
    return this.#last.ok ? this.#report(this.#last) : this.#reportWhenDue(this.#last)
  }

  #reportWhenDue(bad: BadReading): boolean {
    const nowMs = this.#clock.monotonicMs()
    const graceMs = this.#options.graceMs?.() ?? GRACE_MS
    const writtenMs = Number((this.#mark?.modifiedNs ?? 0n) / 1_000_000n)
    const isBeingWritten = Math.abs(this.#clock.nowMs() - writtenMs) < graceMs
    this.#reported = afterReading(this.#reported, bad, nowMs)
    const waitMs = reportDelayMs(this.#reported, bad, nowMs, graceMs, isBeingWritten)
    if (waitMs === 0) return this.#report(bad)
    if (waitMs !== null && this.#grace === null)
      this.#grace = setTimeout(() => {
        this.#grace = null
        this.#requestRead()
      }, waitMs)
    return false
  }

  #report(reading: Reading): boolean {
    const wasBad = this.#reported.reading?.ok === false
    const atMs = this.#clock.monotonicMs()
    this.#reported = afterReading({ ...this.#reported, reading, atMs }, reading, atMs)
    if (reading.ok) {
      if (wasBad) this.#log.info('the status can be read again')
      this.#logged.clear()
    } else if (!this.#logged.has(reading.message) && this.#logged.size < MAX_LINES) {
      this.#logged.add(reading.message)
      this.#log.warn({ status: reading.error }, `the status cannot be read: ${reading.message}`)
    }
    this.#onReading(reading)
    return true
  }

  #count(work: Promise<unknown>): void {
    this.#pendingReads++
    const done = (): void => {
      this.#pendingReads--
    }
    work.then(done, done)
  }
}

export function createFileSource(options: FileSourceOptions): Source {
  return new FileSource(options)
}
