// Boards built from a status: read → derive → build → next board. A bad reading changes only the state of the source: the last
// good snapshot stays on every surface.
import { type Board, nextBoard, unchangedBoard } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import type { Moment } from '../clock/moment.js'
import type { IngestStats } from '../ingest/enrichment.js'
import type { Panel } from '../panels/panel.js'
import { type Remark, verdictOf } from '../panels/verdict.js'
import type { Verdict } from '../protocol/events.js'
import type { GoodReading, Reading } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { SourceState } from './cycle.js'
import { type Boards, type LoopObserver, MIN_CYCLE_GAP_MS } from './loop.js'
import { Pacing } from './pacing.js'
import { type PriceWatch, unchangedPrices, watchPrices } from './price-watch.js'
import type { Source } from './source.js'
import { type StaleLimits, sourceState, writtenAt } from './source-state.js'
import { sourceRemarks } from './source-words.js'

export type StatusBoardsOptions = {
  readonly source: Source
  /** The snapshot of a status; its `raw` is the status of the reading. */
  readonly derive: (reading: GoodReading) => Snapshot
  readonly build: (snapshot: Snapshot, nowMs: number) => readonly Panel[]
  /** `everySec`: time between two answers of the source, where it is asked again and again. */
  readonly staleLimits: (snapshot: Snapshot | null, everySec: number | null) => StaleLimits
  /** What the `verdict` of a board file gives for the newest snapshot; null: it has none. */
  readonly own?: () => Remark | null
  /** What an automatic board found the newest document to say about itself; undefined: there is no automatic board. */
  readonly ofDocument?: () => Remark | null | undefined
  /** Least time between two changes of a panel; 0 = no limit. */
  readonly panelEveryMs: (key: string) => number
  /** IANA name, for the times in the verdict. */
  readonly timezone: () => string
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly observer?: Pick<LoopObserver, 'onReading' | 'onDerived'>
}

export class StatusBoards implements Boards {
  readonly minGapMs = MIN_CYCLE_GAP_MS
  readonly ticksBeforeNews = false
  readonly phase = 'live'
  readonly #options: StatusBoardsOptions
  readonly #pacing = new Pacing()
  /** What the board shows; the same list again is the same board. */
  #panels: readonly Panel[] | null = null
  #snapshot: Snapshot | null = null
  #reading: Reading | null = null
  /** When the shown document was written. */
  #written: Moment | null = null
  #prices: PriceWatch | null = null
  /** The reading that `#written` and `#prices` come from. */
  #dated: GoodReading | null = null
  #closed = false

  constructor(options: StatusBoardsOptions) {
    this.#options = options
  }

  get snapshot(): Snapshot | null {
    return this.#snapshot
  }

  get reading(): Reading | null {
    return this.#reading
  }

  start(onNews: () => void): void {
    this.#options.source.start(reading => {
      if (this.#closed) return
      this.#reading = reading
      this.#options.observer?.onReading?.(reading)
      onNews()
    })
  }

  next(previous: Board, cycle: number, now: Moment): Board {
    const { clock, derive, build, panelEveryMs, observer } = this.#options
    const reading = this.#reading
    const { wallMs: nowMs, monotonicMs } = reading?.takenAt ?? now
    if (reading?.ok && this.#snapshot?.raw !== reading.status) {
      const startMs = clock.monotonicMs()
      this.#snapshot = derive(reading)
      observer?.onDerived?.((clock.monotonicMs() - startMs) / 1000)
    }
    if (this.#snapshot === null) return unchangedBoard(previous, cycle, nowMs)
    if (reading?.ok && reading !== this.#dated) {
      this.#dated = reading
      const written = writtenAt(reading, this.#snapshot.writtenAtMs, { wallMs: nowMs, monotonicMs })
      this.#written = written
      this.#prices = watchPrices(this.#prices, this.#snapshot, written.wallMs)
    }
    const panels = this.#pacing.apply(build(this.#snapshot, nowMs), panelEveryMs, monotonicMs)
    if (panels === this.#panels) return unchangedBoard(previous, cycle, nowMs)
    const board = nextBoard(previous, panels, cycle, nowMs)
    this.#panels = panels
    return board
  }

  sourceAt(now: Moment): SourceState {
    const { staleLimits } = this.#options
    const snapshot = this.#snapshot
    const everyMs = this.#dated?.everyMs
    const limits = staleLimits(snapshot, everyMs === undefined ? null : everyMs / 1000)
    return sourceState({
      reading: this.#reading,
      written: this.#written,
      market: this.#snapshot?.market ?? null,
      unchanged: unchangedPrices(this.#prices, limits.unchangedSec ?? Number.POSITIVE_INFINITY),
      limits,
      limitsAt: everySec => staleLimits(snapshot, everySec),
      now,
    })
  }

  verdictOf(board: Board, source: SourceState): Verdict {
    const ofDocument = this.#options.ofDocument?.()
    return verdictOf({
      snapshot: this.#snapshot,
      panels: board.panels.values(),
      remarks: sourceRemarks(source, this.#options.timezone()),
      own: this.#options.own?.() ?? null,
      ...(ofDocument === undefined ? {} : { ofDocument }),
    })
  }

  ingest(nowMs: number): readonly IngestStats[] | undefined {
    return this.#options.source.ingest?.(nowMs, this.#snapshot?.cycle.intervalSec ?? null)
  }

  refresh(): Promise<void> {
    return this.#options.source.refresh()
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#options.source.close()
  }
}
