// The status file as a source: notices a change at once, reads it once, tells only what is new.
//
// Events of the system and a poll both lead to the same `look`: one at a time, at most one per 20 ms, and never the last
// change missed (a wish during a look makes another look after it). A poll that finds nothing new does not count: no change
// waits because of a look just before it. The poll is slow while events come; it is fast where they do not, and from the
// first change on that no event reported.
import { type Clock, systemClock } from '../clock/clock.js'
import type { Source } from '../engine/source.js'
import { type Log, silentLog } from '../log/log.js'
import type { BadReading, Reading } from '../snapshot/reading.js'
import { type Hearing, PathWatch, type WatchFolder } from './path-watch.js'
import { type FileMark, type ReadEdge, readStatus } from './read-status.js'
import { NOTHING_TOLD, newsIn, type Told, withLook } from './telling.js'

/** At most one look in this time. */
const MIN_LOOK_GAP_MS = 20
/** Between two polls where the system reports changes, and where it does not. */
const SLOW_POLL_MS = 2_000
const FAST_POLL_MS = 250
/** A window in which the file is broken, as long as one refresh by default. */
const GRACE_MS = 1_000
/** Different texts of one outage that are logged; the newest is in health. */
const MAX_LINES = 8

export type FileSourceOptions = {
  readonly path: string
  /** `G6_STATUS_MAX_BYTES` */
  readonly maxBytes: number
  /** A file that is broken for a shorter time than this is being written; default 1 s. */
  readonly graceMs?: () => number
  readonly clock?: Clock
  readonly log?: Log
  /** Between two polls, where the system reports changes (2 s) and where it does not (250 ms). */
  readonly slowPollMs?: number
  readonly fastPollMs?: number
  readonly edge?: ReadEdge
  readonly watchFolder?: WatchFolder
}

/** Why the file is polled, for the log. */
function whyPolled(
  hearing: Exclude<Hearing, { readonly by: 'events' } | { readonly why: 'absent' }>,
): string {
  if (hearing.why === 'file_system') return `${hearing.name} does not report every change`
  switch (hearing.code) {
    case 'ENOSPC':
      return 'the folder cannot be watched (ENOSPC): all watches are used; raise fs.inotify.max_user_watches'
    case 'EMFILE':
      return 'the folder cannot be watched (EMFILE): no watch is left; raise fs.inotify.max_user_instances'
    default:
      return `the folder cannot be watched (${hearing.code})`
  }
}

class FileSource implements Source {
  readonly name: string
  readonly #options: FileSourceOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #abort = new AbortController()
  readonly #path: PathWatch
  readonly #slowPollMs: number
  readonly #fastPollMs: number
  #onReading: (reading: Reading) => void = () => {}
  #poll: { readonly timer: NodeJS.Timeout; readonly ms: number } | null = null
  #isChecking = false
  /** The system reported something since the last look began. */
  #isReported = false
  /** A poll found a change that has not been reported so far. */
  #isUnreported = false
  /** The system does not report what happens to this file. */
  #isDeaf = false
  /** Why the file is polled, as it was logged; null: it is not. */
  #polledBecause: string | null = null
  #hanging = 0
  #soon: NodeJS.Timeout | null = null
  /** Until a bad reading becomes news. */
  #later: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  #again = false
  #lastLookMs = Number.NEGATIVE_INFINITY
  #mark: FileMark | null = null
  #last: Reading | null = null
  #told: Told = NOTHING_TOLD
  /** Texts that were logged since the file was last good. */
  readonly #logged = new Set<string>()

  constructor(options: FileSourceOptions) {
    this.name = options.path
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLog
    this.#fastPollMs = options.fastPollMs ?? FAST_POLL_MS
    this.#slowPollMs = options.slowPollMs ?? SLOW_POLL_MS
    this.#path = new PathWatch(options.path, () => this.#onEvent(), options.watchFolder)
  }

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
    void this.#onPoll()
  }

  async refresh(): Promise<void> {
    while (this.#looking !== null) await this.#looking
    await this.#look()
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#path.close()
    for (const timer of [this.#poll?.timer, this.#soon, this.#later]) if (timer != null) clearTimeout(timer)
    this.#soon = null
    await this.#looking
  }

  get #closed(): boolean {
    return this.#abort.signal.aborted
  }

  #onEvent(): void {
    this.#isReported = true
    this.#isUnreported = false
    this.#schedule()
    this.#wish()
  }

  async #onPoll(): Promise<void> {
    this.#poll = null
    this.#schedule()
    // A file system that hangs holds up the check; the look ends by itself and says so.
    if (!this.#isChecking) {
      this.#isChecking = true
      const isNew = await this.#path.check()
      this.#isChecking = false
      if (this.#closed) return
      if (this.#isUnreported) this.#isDeaf = true
      // What happened before it was watched could not be reported.
      if (isNew) {
        this.#isDeaf = false
        this.#isReported = true
      }
      this.#isUnreported = false
      this.#logPolling()
      this.#schedule()
    }
    this.#wish(true)
  }

  /** The next poll; sooner than planned when events have become doubtful. */
  #schedule(): void {
    if (this.#closed) return
    const ms = this.#path.hearing.by === 'events' && !this.#isDeaf ? this.#slowPollMs : this.#fastPollMs
    if (this.#poll !== null) {
      if (this.#poll.ms <= ms) return
      clearTimeout(this.#poll.timer)
    }
    this.#poll = { timer: setTimeout(() => void this.#onPoll(), ms), ms }
  }

  #logPolling(): void {
    const { hearing } = this.#path
    if (hearing.by === 'polls' && hearing.why === 'absent') return // the reading says so
    const isHeard = hearing.by === 'events'
    const deaf = this.#isDeaf ? 'the system has not reported a change of the file' : null
    const because = isHeard ? deaf : whyPolled(hearing)
    if (because === this.#polledBecause) return
    this.#polledBecause = because
    if (because === null) this.#log.info('the system reports changes of the status file again')
    else this.#log.warn(`the status file is polled every ${this.#fastPollMs} ms: ${because}`)
  }

  /** There may be something new: looks now, or as soon as the gap allows. */
  #wish(isPoll = false): void {
    if (this.#closed || this.#soon !== null) return
    if (this.#looking !== null) {
      this.#again = true
      return
    }
    const waitMs = this.#lastLookMs + MIN_LOOK_GAP_MS - this.#clock.monotonicMs()
    if (waitMs <= 0) {
      void this.#look(isPoll)
      return
    }
    if (isPoll) return // the next one comes by itself
    this.#soon = setTimeout(() => {
      this.#soon = null
      this.#wish()
    }, waitMs)
  }

  #look(isPoll = false): Promise<void> {
    const before = this.#lastLookMs
    this.#lastLookMs = this.#clock.monotonicMs()
    this.#again = false
    this.#looking = this.#lookOnce(isPoll)
      .then(isNew => {
        if (isPoll && !isNew) this.#lastLookMs = before
      })
      .finally(() => {
        this.#looking = null
        if (this.#again) this.#wish()
      })
    return this.#looking
  }

  /** Whether there was news. */
  async #lookOnce(isPoll: boolean): Promise<boolean> {
    // A read that was cancelled still hangs in the system: another one would hang too.
    if (this.#hanging > 0) return false
    const { path, maxBytes, edge } = this.#options
    const known = this.#mark
    const isReported = this.#isReported
    this.#isReported = false
    const { reading, mark } = await readStatus({
      path,
      maxBytes,
      nowMs: this.#clock.nowMs,
      signal: this.#abort.signal,
      unless: known,
      onBegun: work => this.#count(work),
      ...(edge === undefined ? {} : { edge }),
    })
    if (this.#closed) return false
    this.#mark = mark
    const isChanged = reading !== null && (known !== null || mark !== null)
    if (isPoll && isChanged && !isReported && !this.#isReported) this.#isUnreported = true
    this.#last = reading ?? this.#last
    if (this.#last === null || (reading === null && this.#last.ok)) return false
    return this.#last.ok ? this.#tell(this.#last) : this.#tellIfNews(this.#last)
  }

  #tellIfNews(bad: BadReading): boolean {
    const nowMs = this.#clock.monotonicMs()
    const graceMs = this.#options.graceMs?.() ?? GRACE_MS
    const writtenMs = Number((this.#mark?.modifiedNs ?? 0n) / 1_000_000n)
    const isBeingWritten = Math.abs(this.#clock.nowMs() - writtenMs) < graceMs
    this.#told = withLook(this.#told, bad, nowMs)
    const waitMs = newsIn(this.#told, bad, nowMs, graceMs, isBeingWritten)
    if (waitMs === 0) return this.#tell(bad)
    if (waitMs !== null && this.#later === null)
      this.#later = setTimeout(() => {
        this.#later = null
        this.#wish()
      }, waitMs)
    return false
  }

  #tell(reading: Reading): boolean {
    const wasBad = this.#told.reading?.ok === false
    const atMs = this.#clock.monotonicMs()
    this.#told = withLook({ ...this.#told, reading, atMs }, reading, atMs)
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
    this.#hanging++
    const done = (): void => {
      this.#hanging--
    }
    work.then(done, done)
  }
}

export function createFileSource(options: FileSourceOptions): Source {
  return new FileSource(options)
}
