// The status file as a source: notices a change at once, reads it once, says only what is new.
//
// The *directory* is watched, because writers replace the file by renaming another one over it, which breaks a watch on the
// file itself; a poll stands behind it for file systems without notification. Both lead to the same `look`: one at a
// time, at most one per 20 ms, and never the last change missed (a wish during a look makes another look after it). A poll
// that finds nothing new does not count: no change waits because somebody looked just before it.
import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { type Clock, systemClock } from '../clock/clock.js'
import type { Source } from '../engine/source.js'
import { type Log, silentLog } from '../log/log.js'
import type { Reading } from '../snapshot/reading.js'
import { type FileMark, type ReadEdge, readStatus } from './read-status.js'

/** At most one look in this time. */
const MIN_LOOK_GAP_MS = 20
const POLL_MS = 250

export type FileSourceOptions = {
  readonly path: string
  /** `G6_STATUS_MAX_BYTES` */
  readonly maxBytes: number
  readonly clock?: Clock
  readonly log?: Log
  readonly pollMs?: number
  readonly edge?: ReadEdge
}

/** Good and the same document, or bad and the same kind: nobody needs to hear of it again. */
function isNews(before: Reading | null, reading: Reading): boolean {
  if (before === null || before.ok !== reading.ok || reading.ok) return true
  return !before.ok && before.error !== reading.error
}

class FileSource implements Source {
  readonly name: string
  readonly #options: FileSourceOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #abort = new AbortController()
  #onReading: (reading: Reading) => void = () => {}
  #watcher: FSWatcher | null = null
  /** Inode of the folder that is watched. */
  #folder: number | null = null
  #poll: NodeJS.Timeout | null = null
  #hanging = 0
  #soon: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  #again = false
  #lastLookMs = Number.NEGATIVE_INFINITY
  #mark: FileMark | null = null
  #last: Reading | null = null

  constructor(options: FileSourceOptions) {
    this.name = options.path
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLog
  }

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
    void this.#onPoll()
    this.#poll = setInterval(() => void this.#onPoll(), this.#options.pollMs ?? POLL_MS)
  }

  async refresh(): Promise<void> {
    while (this.#looking !== null) await this.#looking
    await this.#look()
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#unwatch()
    if (this.#poll !== null) clearInterval(this.#poll)
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#soon = null
    await this.#looking
  }

  get #closed(): boolean {
    return this.#abort.signal.aborted
  }

  /** Watches the folder; where it cannot (it is not there yet), the poll tries again. */
  #watch(): void {
    const file = basename(this.#options.path)
    try {
      const watcher = watch(dirname(this.#options.path), (_, name) => {
        if (name === null || name === file) this.#wish()
      })
      watcher.on('error', () => this.#unwatch())
      this.#watcher = watcher
    } catch {
      this.#watcher = null
    }
  }

  #unwatch(): void {
    const watcher = this.#watcher
    this.#watcher = null
    watcher?.close()
  }

  /** A folder that was replaced takes its watch with it, and nobody says so; its inode does. */
  async #onPoll(): Promise<void> {
    const inode = await stat(dirname(this.#options.path)).then(
      stats => stats.ino,
      () => null,
    )
    if (this.#closed) return
    if (inode !== this.#folder || this.#watcher === null) {
      this.#folder = inode
      this.#unwatch()
      if (inode !== null) this.#watch()
    }
    this.#wish(true)
  }

  /** Somebody thinks there is something new: looks now, or as soon as the gap allows. */
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
    this.#looking = this.#lookOnce()
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
  async #lookOnce(): Promise<boolean> {
    // A read that was given up still hangs in the system: another one would hang beside it.
    if (this.#hanging > 0) return false
    const { path, maxBytes, edge } = this.#options
    const look = await readStatus({
      path,
      maxBytes,
      nowMs: this.#clock.nowMs,
      signal: this.#abort.signal,
      unless: this.#mark,
      onBegun: work => this.#count(work),
      ...(edge === undefined ? {} : { edge }),
    })
    if (this.#closed || look === 'unchanged') return false
    const { reading, mark } = look
    this.#mark = mark
    const before = this.#last
    this.#last = reading
    if (!isNews(before, reading)) return false
    if (!reading.ok)
      this.#log.warn({ status: reading.error }, `the status cannot be read: ${reading.message}`)
    else if (before !== null && !before.ok) this.#log.info('the status can be read again')
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
