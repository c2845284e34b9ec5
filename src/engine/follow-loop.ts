// The loop of a program that builds no board of its own but follows another server's: each board that comes is published
// as it is. A tick keeps the statistics and the heartbeats going.
import { type Board, emptyBoard, unchangedBoard, withVerdict } from '../board/board.js'
import { followBoard, type SeenBoard } from '../board/follow.js'
import type { Clock } from '../clock/clock.js'
import { agoMs, type Moment, momentNow, wallTimeOf } from '../clock/moment.js'
import { systemTimers } from '../clock/timers.js'
import { verdictOf, verdictWith } from '../panels/verdict.js'
import type { Verdict } from '../protocol/events.js'
import type { ReadingError } from '../snapshot/reading.js'
import type { CycleResult, Output, SourceState } from './cycle.js'
import type { Cycles, CyclesObserver, LoopEnd } from './cycles.js'
import { Intervals } from './intervals.js'
import { Outputs } from './outputs.js'
import type { StaleLimits } from './source-state.js'
import { sourceRemarks } from './source-words.js'
import { Statistics } from './statistics.js'
import { Ticker } from './ticker.js'

/** How a followed server stands. */
export type BoardNews = {
  /** Its newest whole board; null before the first. */
  readonly board: SeenBoard | null
  /** Why there is nothing newer; null while connected. */
  readonly fault: { readonly error: ReadingError; readonly message: string } | null
  /** When the last byte came, epoch ms. */
  readonly heardAtMs: number | null
}

/** Another server's board. */
export interface BoardSource {
  /** What a person reads: `http://host:9329`. */
  readonly name: string
  /** Calls back for every change of the board or of the connection. Call once. */
  start(onNews: () => void): void
  readonly news: BoardNews
  /** Connects again now, when it is waiting to. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export type FollowLoopOptions = {
  readonly source: BoardSource
  readonly outputs: readonly Output[]
  readonly refreshMs: () => number
  readonly limits: () => StaleLimits
  readonly churnWarnRatio: () => number
  /** IANA name, for the times in the verdict. */
  readonly timezone: () => string
  readonly clock: Clock
  readonly observer?: CyclesObserver
  /** Ends by itself after so many intervals, from the first board on, or so long; null = never. */
  readonly maxCycles?: number | null
  readonly maxMs?: number | null
}

export class FollowLoop implements Cycles {
  readonly statistics: Statistics
  readonly finished: Promise<LoopEnd>
  readonly #options: FollowLoopOptions
  readonly #outputs: Outputs
  #finish: (end: LoopEnd) => void = () => {}
  #board: Board = emptyBoard('')
  #seen: SeenBoard | null = null
  #latest: CycleResult | null = null
  #changed: Moment | null = null
  /** When the last byte came, as far as it is known. */
  #heard: Moment | null = null
  readonly #intervals = new Intervals()
  #interval = 1
  /** Intervals in which the followed server was there: nobody says "unchanged" of one that is lost. */
  #heardIntervals = 1
  readonly #ticker: Ticker
  #cancelDeadline: (() => void) | null = null
  #ended = false

  constructor(options: FollowLoopOptions) {
    this.#options = options
    this.statistics = new Statistics(options.clock.nowMs())
    this.#outputs = new Outputs(options.outputs, options.observer ?? {}, options.clock.monotonicMs)
    this.finished = new Promise(resolve => {
      this.#finish = resolve
    })
    this.#ticker = new Ticker({
      refreshMs: options.refreshMs,
      monotonicMs: options.clock.monotonicMs,
      onTick: dueMs => this.#publish(true, dueMs),
      onMissed: ticks => this.statistics.missed(ticks),
      lastTurnMs: () =>
        this.#intervals.beginsAtMs(options.maxCycles ?? Number.POSITIVE_INFINITY, options.refreshMs()),
    })
  }

  get latest(): CycleResult | null {
    return this.#latest
  }

  sourceNow(): SourceState {
    const { source, clock, limits } = this.#options
    const { board, fault, heardAtMs } = source.news
    const now = momentNow(clock)
    // Bytes are told of by the wall clock alone: it is believed once for each of them, when they are news.
    if (heardAtMs !== null && this.#heard?.wallMs !== heardAtMs) this.#heard = this.#momentOf(heardAtMs, now)
    const ageSec = this.#heard === null ? null : agoMs(this.#heard, now) / 1000
    const tooOld = ageSec !== null && ageSec > limits().errorSec
    const changedAtMs = this.#changed === null ? null : wallTimeOf(this.#changed, now)
    if (fault !== null) return { state: fault.error, ageSec, changedAtMs, error: fault.message, tooOld }
    return { state: board === null ? 'starting' : 'fresh', ageSec, changedAtMs, error: null, tooOld }
  }

  verdictNow(): Verdict {
    return this.#verdictOf(this.#board, this.sourceNow())
  }

  /** What the followed server says of itself, and how it is heard here. */
  #verdictOf(board: Board, source: SourceState): Verdict {
    const said =
      this.#seen?.verdict ?? verdictOf({ snapshot: null, panels: board.panels.values(), remarks: [] })
    return verdictWith(said, sourceRemarks(source, this.#options.timezone()))
  }

  /** It is looked for every refresh, so it cannot be older than one. */
  #momentOf(heardAtMs: number, now: Moment): Moment {
    const sinceMs = Math.min(Math.max(0, now.wallMs - heardAtMs), this.#options.refreshMs())
    return { wallMs: heardAtMs, monotonicMs: now.monotonicMs - sinceMs }
  }

  start(): void {
    if (this.#ended) return
    const { maxMs, source } = this.#options
    if (maxMs != null) this.#cancelDeadline = systemTimers.after(maxMs, () => void this.#end('seconds'))
    source.start(() => this.#onNews())
    this.#ticker.start()
  }

  refresh(): Promise<void> {
    return this.#options.source.refresh()
  }

  async stop(): Promise<void> {
    await this.#end('stopped')
  }

  async closeOutputs(): Promise<void> {
    await this.#outputs.close()
  }

  #onNews(): void {
    if (!this.#ended) this.#publish(false)
  }

  #publish(byTimer: boolean, dueMs = 0): void {
    const { source: followed, clock, churnWarnRatio, maxCycles, refreshMs } = this.#options
    const startMs = clock.monotonicMs()
    const { board: seen, fault } = followed.news
    const previous = this.#board
    if (seen !== null && seen !== this.#seen) this.#board = followBoard(previous, seen)
    else this.#board = unchangedBoard(previous, previous.cycle, previous.builtAtMs)
    this.#seen = seen
    if (this.#board.changed.length > 0) this.#changed = momentNow(clock)
    const source = this.sourceNow()
    this.#board = withVerdict(this.#board, this.#verdictOf(this.#board, source))
    const ms = clock.monotonicMs() - startMs
    // Only boards count: the first may be long in coming.
    if (this.#board.generation > 0) {
      const graceMs = byTimer ? refreshMs() / 2 : 0
      this.statistics.cycle(previous, this.#board, churnWarnRatio(), startMs, graceMs)
      const interval = this.#intervals.at(Math.max(startMs, dueMs), refreshMs())
      if (fault === null) this.#heardIntervals += interval - this.#interval
      this.#interval = interval
    }
    const result: CycleResult = {
      board: this.#board,
      snapshot: null,
      reading: null,
      source,
      stats: this.statistics.snapshot(ms, undefined, this.#heardIntervals),
    }
    this.#latest = result
    this.#outputs.publish(result)
    this.#options.observer?.onCycle?.(result, (clock.monotonicMs() - startMs) / 1000)
    const isShown = this.#board.generation > 0
    if (isShown && maxCycles != null && this.#interval >= maxCycles) void this.#end('cycles')
    else if (!byTimer && this.#board.changed.length > 0 && !this.#ended) this.#ticker.restart()
  }

  async #end(end: LoopEnd): Promise<void> {
    if (this.#ended) {
      await this.finished
      return
    }
    this.#ended = true
    this.#ticker.stop()
    this.#cancelDeadline?.()
    await this.#options.source.close()
    await this.#outputs.idle()
    this.#finish(end)
  }
}
