// What one turn of the loop hands to every output, and what an output is.
import type { Board } from '../board/board.js'
import type { IngestStats } from '../ingest/enrichment.js'
import { READING_ERRORS, type Reading } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { UnchangedPrices } from './price-watch.js'

/**
 * How the input stands, in one word: `closed` is old, but the market is closed and nobody has to write; shown by every surface and by
 * `g6_status_state{state}`.
 */
export const STATUS_STATES = ['fresh', 'closed', 'stale', ...READING_ERRORS, 'starting'] as const
export type StatusState = (typeof STATUS_STATES)[number]

export type SourceState = {
  readonly state: StatusState
  /** Since the document was written, seconds; null before the first good reading. */
  readonly ageSec: number | null
  /** When the document was written, epoch ms; null before the first good reading. */
  readonly changedAtMs: number | null
  /** What a person reads about the last failure; null while all is well. */
  readonly error: string | null
  /** Older than `stream.stale.error_sec` allows. */
  readonly tooOld: boolean
  /** Prices that do not move in an open market; absent when they do. */
  readonly unchanged?: UnchangedPrices
}

export type PanelTiming = {
  readonly avgMs: number
  readonly p95Ms: number
  readonly totalMs: number
  readonly calls: number
}

/** Statistics of the loop since start, taken after a cycle; beside the board, never inside the status. */
export type LoopStats = {
  /** Cycles counted: not those of the timer that came a moment before a change. */
  readonly cycles: number
  readonly unchangedCycles: number
  /** Refreshes since the first cycle, that one included: what heartbeats count. */
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
  /** By panel; worked out for whoever asks, from the builds so far. */
  readonly timing: () => Readonly<Record<string, PanelTiming>>
  /** The followed status streams, the primary one first; absent where none is followed. */
  readonly ingest?: readonly IngestStats[]
}

export type CycleResult = {
  readonly board: Board
  /** The snapshot the board shows: from the last good reading, however old; null before the first one. */
  readonly snapshot: Snapshot | null
  /** The newest reading, good or bad; null before the first one. */
  readonly reading: Reading | null
  readonly source: SourceState
  readonly stats: LoopStats
}

/**
 * An output receives each board. `publish` may be asynchronous; while one is under way newer results replace each other
 * and only the newest is handed over when it is ready again. What it throws is logged and counted, nothing else.
 */
export interface Output {
  readonly name: string
  /** Gets each result before the cycle ends; without it, right after. */
  readonly inCycle?: boolean
  publish(result: CycleResult): void | Promise<void>
  /** Writes what is outstanding and lets go of everything. Idempotent. */
  close(): Promise<void>
}
