// The result of one cycle of the loop, and the outputs that receive it.
import type { Board } from '../board/board.js'
import type { IngestStats } from '../ingest/enrichment.js'
import { READING_ERRORS, type Reading } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { UnchangedPrices } from './price-watch.js'

/**
 * The state of the input in one word, on every surface and in `g6_status_state{state}`. `closed`: old, but the market is closed and
 * nobody has to write.
 */
export const STATUS_STATES = ['fresh', 'closed', 'stale', ...READING_ERRORS, 'starting'] as const
export type StatusState = (typeof STATUS_STATES)[number]

export type SourceState = {
  readonly state: StatusState
  /** Since the document was written, seconds; null before the first good reading. */
  readonly ageSec: number | null
  /** When the document was written, epoch ms; null before the first good reading. */
  readonly changedAtMs: number | null
  /** The last failure, for a person to read; null while there is none. */
  readonly error: string | null
  /** Older than `stream.stale.error_sec` allows. */
  readonly tooOld: boolean
  /** The named sources of the document that cannot be read or are old; absent when all are well. */
  readonly parts?: readonly PartState[]
  /** Prices that do not change in an open market; absent when they do. */
  readonly unchanged?: UnchangedPrices
}

/** The state of one of several named sources. */
export type PartState = Pick<SourceState, 'state' | 'changedAtMs' | 'error' | 'tooOld'> & {
  readonly name: string
}

export type PanelTiming = {
  readonly avgMs: number
  readonly p95Ms: number
  readonly totalMs: number
  readonly calls: number
}

/** Statistics of the loop since start, taken after a cycle; next to the board, never inside the status. */
export type LoopStats = {
  /** Without the cycles of the timer that came a moment before a change. */
  readonly cycles: number
  readonly unchangedCycles: number
  /** Refreshes since the first cycle, including the first; heartbeats count these. */
  readonly intervals: number
  readonly missedTicks: number
  /** Unchanged panels over all panels compared, since start; null before two boards were compared. */
  readonly hitRatio: number | null
  /** The same over the last 5 minutes. */
  readonly hitRatio5m: number | null
  /** Changed panels over all, in the cycles of the last 5 minutes that changed anything; null when none did. */
  readonly changeRatio5m: number | null
  readonly totalPanelUpdates: number
  readonly lastCycleUpdates: number
  readonly churnRatio: number
  readonly highChurnStreak: number
  readonly churnAnomalies: number
  readonly lastCycleMs: number
  readonly startedAtMs: number
  /** By panel, from the builds so far; computed when it is called. */
  readonly timing: () => Readonly<Record<string, PanelTiming>>
  /** The followed status streams, the primary one first; absent where there are none. */
  readonly ingest?: readonly IngestStats[]
}

export type CycleResult = {
  readonly board: Board
  /** The snapshot that the board shows: from the last good reading, of any age; null before the first. */
  readonly snapshot: Snapshot | null
  /** The newest reading, good or bad; null before the first. */
  readonly reading: Reading | null
  readonly source: SourceState
  readonly stats: LoopStats
}

/** Whether the tones and numbers of the shown panels are those of now. */
export function isJudged({ source: { state } }: Pick<CycleResult, 'source'>): boolean {
  return state === 'fresh' || state === 'closed' || state === 'starting'
}

/**
 * An output receives each board. `publish` may be asynchronous; while it runs, newer results replace each other, and the output
 * gets only the newest when it is ready again. What it throws is logged and counted.
 */
export interface Output {
  readonly name: string
  /** True: it gets each result before the cycle ends, not right after. */
  readonly inCycle?: boolean
  publish(result: CycleResult): void | Promise<void>
  /** Writes what is left and releases everything. Idempotent. */
  close(): Promise<void>
}
