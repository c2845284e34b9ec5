// The heartbeat of the program: read → derive → build → next board → publish, one cycle at a time, on every change of the
// status and at least every refresh.
//
// A cycle is synchronous and short. Outputs that need longer run beside it and get only the newest result when they are
// ready again, so nothing that shows a board can slow the one that makes it. A bad reading changes the source's state and
// nothing else: the last good snapshot stays on every surface.
import { type Board, emptyBoard, nextBoard, unchangedBoard, withVerdict } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import { type Moment, momentNow } from '../clock/moment.js'
import { systemTimers } from '../clock/timers.js'
import type { Panel } from '../panels/panel.js'
import { verdictOf } from '../panels/verdict.js'
import type { Verdict } from '../protocol/events.js'
import type { DataWarning, Reading, Status } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { CycleResult, LoopStats, Output, SourceState } from './cycle.js'
import type { Cycles, CyclesObserver, LoopEnd } from './cycles.js'
import { Intervals } from './intervals.js'
import { Outputs } from './outputs.js'
import { Pacing } from './pacing.js'
import { type PriceWatch, unchangedPrices, watchPrices } from './price-watch.js'
import type { Source } from './source.js'
import { type StaleLimits, sourceState, writtenAt } from './source-state.js'
import { sourceRemarks } from './source-words.js'
import { Statistics } from './statistics.js'
import { Ticker } from './ticker.js'

/**
 * A change of the status starts a cycle at once, but never sooner than this after the last one that a change started. Ticks
 * do not count: no change waits because nothing happened just before it.
 */
export const MIN_CYCLE_GAP_MS = 20

export type LoopObserver = CyclesObserver & {
  onDerived?(seconds: number): void
  onReading?(reading: Reading): void
  /** Deriving or building threw: a fault of ours. The last board stays. */
  onFault?(error: unknown): void
}

export type LoopOptions = {
  readonly epoch: string
  readonly source: Source
  readonly outputs: readonly Output[]
  readonly derive: (status: Status, warnings?: readonly DataWarning[]) => Snapshot
  readonly build: (snapshot: Snapshot, nowMs: number) => readonly Panel[]
  readonly refreshMs: () => number
  readonly staleLimits: (snapshot: Snapshot | null) => StaleLimits
  readonly churnWarnRatio: () => number
  /** Least time between two changes of a panel; 0 = no limit. */
  readonly panelEveryMs: (key: string) => number
  /** IANA name, for the times in the verdict. */
  readonly timezone: () => string
  readonly clock: Clock
  readonly observer?: LoopObserver
  /** Ends by itself after so many intervals (a busy status starts several cycles in one) or so long; null = never. */
  readonly maxCycles?: number | null
  readonly maxMs?: number | null
}

export class Loop implements Cycles {
  readonly statistics: Statistics
  readonly finished: Promise<LoopEnd>
  readonly #options: LoopOptions
  readonly #outputs: Outputs
  readonly #pacing = new Pacing()
  /** What the board shows; the same list again is the same board. */
  #panels: readonly Panel[] | null = null
  readonly #observer: LoopObserver
  #finish: (end: LoopEnd) => void = () => {}
  #board: Board
  #snapshot: Snapshot | null = null
  #reading: Reading | null = null
  /** When the document that is shown was written. */
  #written: Moment | null = null
  #prices: PriceWatch | null = null
  /** The reading of which both are. */
  #dated: Reading | null = null
  #latest: CycleResult | null = null
  #cycle = 0
  readonly #intervals = new Intervals()
  /** When a reading last started a cycle. */
  #lastCycleAtMs = Number.NEGATIVE_INFINITY
  readonly #ticker: Ticker
  #soon: NodeJS.Timeout | null = null
  #cancelDeadline: (() => void) | null = null
  #ended = false

  constructor(options: LoopOptions) {
    this.#options = options
    this.#observer = options.observer ?? {}
    this.#board = emptyBoard(options.epoch)
    this.statistics = new Statistics(options.clock.nowMs())
    this.#outputs = new Outputs(options.outputs, this.#observer, options.clock.monotonicMs)
    this.finished = new Promise(resolve => {
      this.#finish = resolve
    })
    this.#ticker = new Ticker({
      refreshMs: options.refreshMs,
      monotonicMs: options.clock.monotonicMs,
      // A reading that waits for its time is taken along, and its time with it.
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

  /** How the source stands right now. */
  sourceNow(): SourceState {
    return this.#sourceAt(momentNow(this.#options.clock))
  }

  #sourceAt(now: Moment): SourceState {
    const limits = this.#options.staleLimits(this.#snapshot)
    return sourceState({
      reading: this.#reading,
      written: this.#written,
      market: this.#snapshot?.market ?? null,
      unchanged: unchangedPrices(this.#prices, limits.unchangedSec ?? Number.POSITIVE_INFINITY),
      limits,
      now,
    })
  }

  verdictNow(): Verdict {
    return this.#verdictOf(this.#board, this.sourceNow())
  }

  #verdictOf(board: Board, source: SourceState): Verdict {
    return verdictOf({
      snapshot: this.#snapshot,
      panels: board.panels.values(),
      remarks: sourceRemarks(source, this.#options.timezone()),
    })
  }

  /** Begins to read; the first cycle runs with the first reading, whatever its outcome. Nothing once it was stopped. */
  start(): void {
    if (this.#ended) return
    const { maxMs } = this.#options
    if (maxMs != null) this.#cancelDeadline = systemTimers.after(maxMs, () => void this.#end('seconds'))
    this.#options.source.start(reading => this.#onReading(reading))
  }

  /** Looks at the source again now. */
  refresh(): Promise<void> {
    return this.#options.source.refresh()
  }

  /** Ends the loop after the cycle under way; waits for the source and the outputs. Idempotent. */
  async stop(): Promise<void> {
    await this.#end('stopped')
  }

  #onReading(reading: Reading): void {
    if (this.#ended) return
    this.#reading = reading
    this.#observer.onReading?.(reading)
    const waitMs = this.#lastCycleAtMs + MIN_CYCLE_GAP_MS - this.#options.clock.monotonicMs()
    if (waitMs <= 0) this.#run(true)
    else this.#soon ??= setTimeout(() => this.#run(true), waitMs)
  }

  /** `dueMs`: of the tick that runs it. */
  #run(byReading: boolean, dueMs = 0): void {
    if (this.#ended) return
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#soon = null
    const { clock, maxCycles, refreshMs, churnWarnRatio } = this.#options
    // All of a cycle is at one moment: the clocks are as slow to read as all else that has gone cold.
    const now = momentNow(clock)
    const startMs = now.monotonicMs
    if (byReading) this.#lastCycleAtMs = startMs
    this.#cycle++
    const interval = this.#intervals.at(Math.max(startMs, dueMs), refreshMs())
    const previous = this.#board
    try {
      this.#board = this.#nextBoard(previous, now)
    } catch (error) {
      this.#observer.onFault?.(error)
      this.#board = unchangedBoard(previous, this.#cycle, now.wallMs)
    }
    const source = this.#sourceAt(now)
    this.#board = withVerdict(this.#board, this.#verdictOf(this.#board, source))
    const builtMs = clock.monotonicMs() - startMs
    if (this.#board.generation > 0) {
      const graceMs = byReading ? 0 : refreshMs() / 2
      this.statistics.cycle(previous, this.#board, churnWarnRatio(), startMs, graceMs)
    }
    const result: CycleResult = {
      board: this.#board,
      snapshot: this.#snapshot,
      reading: this.#reading,
      source,
      stats: this.#stats(builtMs, interval, now.wallMs),
    }
    this.#latest = result
    this.#outputs.publish(result)
    this.#observer.onCycle?.(result, (clock.monotonicMs() - startMs) / 1000)
    if (maxCycles != null && interval >= maxCycles) void this.#end('cycles')
    // A change begins a new interval: a tick right after it would find nothing, again and again.
    else if (byReading && !this.#ended) this.#ticker.restart()
  }

  #stats(builtMs: number, interval: number, nowMs: number): LoopStats {
    const intervalSec = this.#snapshot?.cycle.intervalSec ?? null
    return this.statistics.snapshot(builtMs, this.#options.source.ingest?.(nowMs, intervalSec), interval)
  }

  #nextBoard(previous: Board, { wallMs: nowMs, monotonicMs }: Moment): Board {
    const { clock, derive, build, panelEveryMs } = this.#options
    const reading = this.#reading
    if (reading?.ok && this.#snapshot?.raw !== reading.status) {
      this.#snapshot = derive(reading.status, reading.warnings)
      this.#observer.onDerived?.((clock.monotonicMs() - monotonicMs) / 1000)
    }
    if (this.#snapshot === null) return unchangedBoard(previous, this.#cycle, nowMs)
    if (reading?.ok && reading !== this.#dated) {
      this.#dated = reading
      const written = writtenAt(reading, this.#snapshot.writtenAtMs, { wallMs: nowMs, monotonicMs })
      this.#written = written
      this.#prices = watchPrices(this.#prices, this.#snapshot, written.wallMs)
    }
    const panels = this.#pacing.apply(build(this.#snapshot, nowMs), panelEveryMs, monotonicMs)
    if (panels === this.#panels) return unchangedBoard(previous, this.#cycle, nowMs)
    const board = nextBoard(previous, panels, this.#cycle, nowMs)
    this.#panels = panels
    return board
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
    await this.#options.source.close()
    await this.#outputs.idle()
    this.#finish(end)
  }

  /** Closes the outputs; after the loop has ended. */
  async closeOutputs(): Promise<void> {
    await this.#outputs.close()
  }
}
