// The heartbeat of the program: it makes the next board and publishes it, one cycle at a time, on every change of the source and
// at least once per refresh.
//
// A cycle is synchronous and short. Slower outputs run next to it and get only the newest result when they are ready again, so
// no output can slow the loop down. Where boards come from (`Boards`) is not the loop's business.
import { type Board, emptyBoard, unchangedBoard, withVerdict } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import { type Moment, momentNow } from '../clock/moment.js'
import { systemTimers } from '../clock/timers.js'
import type { IngestStats } from '../ingest/enrichment.js'
import type { Verdict } from '../protocol/events.js'
import type { Reading } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { CycleResult, Output, SourceState } from './cycle.js'
import { Intervals } from './intervals.js'
import { type OutputObserver, Outputs } from './outputs.js'
import { Statistics } from './statistics.js'
import { Ticker } from './ticker.js'
import { VerdictSince } from './verdict-since.js'

/**
 * A change of the status starts a cycle at once, but never sooner than this after the last cycle that a change started. Ticks
 * do not count: no change waits because of a tick just before it.
 */
export const MIN_CYCLE_GAP_MS = 20

/** Makes the boards of a loop: from a status that is read, or by following another server. */
export interface Boards {
  /** Least time between two cycles that news started. */
  readonly minGapMs: number
  /** Whether cycles run before the first news. */
  readonly ticksBeforeNews: boolean
  /** `waiting`: intervals do not count yet. `lost`: they count, but not as intervals without a change. */
  readonly phase: 'waiting' | 'live' | 'lost'
  /** What the newest board was built from; null before the first, and of a board that was built elsewhere. */
  readonly snapshot: Snapshot | null
  readonly reading: Reading | null
  /** Begins to read; calls back for everything new until it is closed. Call once. */
  start(onNews: () => void): void
  /** The board after `previous`. When it throws, the previous board stays. */
  next(previous: Board, cycle: number, now: Moment): Board
  sourceAt(now: Moment): SourceState
  verdictOf(board: Board, source: SourceState): Verdict
  /** The followed status streams; undefined where there are none. */
  ingest(nowMs: number): readonly IngestStats[] | undefined
  /** Looks at the source again now. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export type LoopObserver = OutputObserver & {
  onCycle?(result: CycleResult, seconds: number): void
  onReading?(reading: Reading): void
  onDerived?(seconds: number): void
  /** Making a board threw: a bug of ours. */
  onFault?(error: unknown): void
}

export type LoopEnd = 'cycles' | 'seconds' | 'stopped'

export type LoopOptions = {
  readonly boards: Boards
  /** Of the boards built here; a followed board brings its own. */
  readonly epoch: string
  readonly outputs: readonly Output[]
  readonly refreshMs: () => number
  readonly churnWarnRatio: () => number
  readonly clock: Clock
  /** The moment of the boards, where it is not now; null: it is. */
  readonly momentOfBoards?: () => Moment | null
  readonly statistics?: Statistics
  readonly observer?: LoopObserver
  /** Ends by itself after this many intervals (a busy status starts several cycles in one) or this long; null = never. */
  readonly maxCycles?: number | null
  readonly maxMs?: number | null
}

export class Loop {
  readonly statistics: Statistics
  readonly finished: Promise<LoopEnd>
  readonly #options: LoopOptions
  readonly #observer: LoopObserver
  readonly #outputs: Outputs
  readonly #intervals = new Intervals()
  readonly #ticker: Ticker
  readonly #since = new VerdictSince()
  #finish: (end: LoopEnd) => void = () => {}
  #board: Board
  #latest: CycleResult | null = null
  #cycle = 0
  #interval = 1
  /** Intervals without those in which the source was lost. */
  #liveIntervals = 1
  /** When news last started a cycle. */
  #lastNewsAtMs = Number.NEGATIVE_INFINITY
  #soon: NodeJS.Timeout | null = null
  #cancelDeadline: (() => void) | null = null
  #ended = false

  constructor(options: LoopOptions) {
    this.#options = options
    this.#observer = options.observer ?? {}
    this.#board = emptyBoard(options.epoch)
    this.statistics = options.statistics ?? new Statistics(options.clock.nowMs())
    this.#outputs = new Outputs(options.outputs, this.#observer, options.clock.monotonicMs)
    this.finished = new Promise(resolve => {
      this.#finish = resolve
    })
    this.#ticker = new Ticker({
      refreshMs: options.refreshMs,
      monotonicMs: options.clock.monotonicMs,
      // News that waits for the gap to pass goes into this cycle.
      onTick: dueMs => this.#run(this.#soon !== null, dueMs),
      onMissed: ticks => this.statistics.missed(ticks),
      lastTurnMs: () =>
        this.#intervals.beginsAtMs(options.maxCycles ?? Number.POSITIVE_INFINITY, options.refreshMs()),
    })
  }

  /** The newest result; null before the first cycle. */
  get latest(): CycleResult | null {
    return this.#latest
  }

  /** The state of the source right now. */
  sourceNow(): SourceState {
    return this.#options.boards.sourceAt(this.#momentOfBoards(momentNow(this.#options.clock)))
  }

  verdictNow(): Verdict {
    const now = this.#momentOfBoards(momentNow(this.#options.clock))
    return this.#verdictAt(this.#board, this.sourceNow(), now)
  }

  #momentOfBoards(now: Moment): Moment {
    return this.#options.momentOfBoards?.() ?? now
  }

  #verdictAt(board: Board, source: SourceState, now: Moment): Verdict {
    return this.#since.of(this.#options.boards.verdictOf(board, source), now)
  }

  /** Begins to read. Does nothing once the loop was stopped. */
  start(): void {
    if (this.#ended) return
    const { maxMs, boards } = this.#options
    if (maxMs != null) this.#cancelDeadline = systemTimers.after(maxMs, () => void this.#end('seconds'))
    boards.start(() => this.#onNews())
    if (boards.ticksBeforeNews) this.#ticker.start()
  }

  /** Looks at the source again now. */
  refresh(): Promise<void> {
    return this.#options.boards.refresh()
  }

  /** Ends the loop after the current cycle; waits for the source and the outputs. Idempotent. */
  async stop(): Promise<void> {
    await this.#end('stopped')
  }

  /** Closes the outputs; after the loop has ended. */
  async closeOutputs(): Promise<void> {
    await this.#outputs.close()
  }

  #onNews(): void {
    if (this.#ended) return
    const { boards, clock } = this.#options
    const waitMs = this.#lastNewsAtMs + boards.minGapMs - clock.monotonicMs()
    if (waitMs <= 0) this.#run(true)
    else this.#soon ??= setTimeout(() => this.#run(true), waitMs)
  }

  /** `dueMs`: when the tick that runs it was due. */
  #run(byNews: boolean, dueMs = 0): void {
    if (this.#ended) return
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#soon = null
    const { boards, clock, maxCycles, refreshMs, churnWarnRatio } = this.#options
    // The whole cycle uses one moment: reading a clock is slow when its code has gone cold.
    const started = momentNow(clock)
    const startMs = started.monotonicMs
    const now = this.#momentOfBoards(started)
    if (byNews) this.#lastNewsAtMs = startMs
    const previous = this.#board
    const made = this.#nextBoard(previous, now)
    const source = boards.sourceAt(now)
    const board = withVerdict(made, this.#verdictAt(made, source, now))
    this.#board = board
    const builtMs = clock.monotonicMs() - startMs
    this.#countInterval(Math.max(startMs, dueMs))
    if (board.generation > 0) {
      this.statistics.cycle(previous, board, churnWarnRatio(), startMs, byNews ? 0 : refreshMs() / 2)
    }
    const { snapshot, reading } = boards
    const stats = this.statistics.snapshot(builtMs, boards.ingest(now.wallMs), this.#liveIntervals)
    const result: CycleResult = { board, snapshot, reading, source, stats }
    this.#latest = result
    this.#outputs.publish(result)
    this.#observer.onCycle?.(result, (clock.monotonicMs() - startMs) / 1000)
    if (maxCycles != null && boards.phase !== 'waiting' && this.#interval >= maxCycles)
      void this.#end('cycles')
    // A change begins a new interval: a tick right after it would find nothing, again and again.
    else if (byNews && !this.#ended) this.#ticker.restart()
  }

  #nextBoard(previous: Board, now: Moment): Board {
    this.#cycle++
    try {
      return this.#options.boards.next(previous, this.#cycle, now)
    } catch (error) {
      this.#observer.onFault?.(error)
      return unchangedBoard(previous, this.#cycle, now.wallMs)
    }
  }

  #countInterval(atMs: number): void {
    const { boards, refreshMs } = this.#options
    if (boards.phase === 'waiting') return
    const interval = this.#intervals.at(atMs, refreshMs())
    if (boards.phase === 'live') this.#liveIntervals += interval - this.#interval
    this.#interval = interval
  }

  async #end(end: LoopEnd): Promise<void> {
    if (this.#ended) {
      await this.finished
      return
    }
    this.#ended = true
    this.#ticker.stop()
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#cancelDeadline?.()
    await this.#options.boards.close()
    await this.#outputs.idle()
    this.#finish(end)
  }
}
