// The parts of a program that stand where statuses come from elsewhere: what followed streams add to snapshots and panels,
// and the loop that follows a board instead of building one.
import type { Board } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import type { Config } from '../config/settings.js'
import type { Output } from '../engine/cycle.js'
import type { CyclesObserver } from '../engine/cycles.js'
import { type BoardSource, FollowLoop } from '../engine/follow-loop.js'
import type { Source } from '../engine/source.js'
import { warningText } from '../ingest/json-text.js'
import { type IngestView, ingestViews } from '../ingest/view.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import type { Thresholds } from '../panels/thresholds.js'
import { staleAfter } from '../panels/thresholds.js'
import { derive } from '../snapshot/derive.js'
import type { DataWarning, Status } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { SourceZone } from '../snapshot/zone.js'

/** Gives statuses, of which boards are built here; or boards, which are followed as they are. */
export type ProgramSource = Source | BoardSource

export function isBoardSource(source: ProgramSource): source is BoardSource {
  return 'news' in source
}

/** Before the first board nobody knows which panels there will be. */
export function keysOf(board: Board | null): ReadonlySet<string> {
  return new Set(board?.panels.keys())
}

/** The snapshot of a status; the follow-ups of followed streams are alerts too. `zone` is that of times which name none. */
export function deriveWith(
  source: ProgramSource,
  status: Status,
  nowMs: number,
  zone: SourceZone = null,
): Snapshot {
  const streams = isBoardSource(source) ? undefined : source.ingest?.(nowMs, null)
  return derive(
    status,
    streams?.flatMap(({ state }) => state.followUps),
    zone,
  )
}

const shownWarning = (warning: DataWarning): string => shownText(warningText(warning), MESSAGE_WIDTH)

/** The snapshot with what is wrong with the numbers of its document. */
export function withWarnings(snapshot: Snapshot, warnings: readonly DataWarning[]): Snapshot {
  return warnings.length === 0 ? snapshot : { ...snapshot, dataWarnings: warnings.map(shownWarning) }
}

/** What panels are told of followed streams: the same list while nothing changed; null where none is followed. */
export class IngestContext {
  #views: readonly IngestView[] = []

  constructor(readonly source: ProgramSource) {}

  at(nowMs: number, intervalSec: number | null): readonly IngestView[] | null {
    const stats = isBoardSource(this.source) ? undefined : this.source.ingest?.(nowMs, intervalSec)
    if (stats === undefined) return null
    this.#views = ingestViews(stats, this.#views)
    return this.#views
  }
}

export type FollowParts = {
  readonly source: BoardSource
  readonly outputs: readonly Output[]
  readonly config: () => Config
  readonly thresholds: () => Thresholds
  readonly clock: Clock
  readonly observer: CyclesObserver
}

export function createFollowLoop({
  source,
  outputs,
  config,
  thresholds,
  clock,
  observer,
}: FollowParts): FollowLoop {
  const { summaryMaxCycles, summaryMaxSeconds } = config()
  return new FollowLoop({
    source,
    outputs,
    refreshMs: () => config().summaryRefreshSec * 1000,
    limits: () => staleAfter(thresholds(), null),
    churnWarnRatio: () => config().summaryChurnWarnRatio,
    timezone: () => config().timezone,
    clock,
    // 0: no end.
    maxCycles: summaryMaxCycles || null,
    maxMs: summaryMaxSeconds * 1000 || null,
    observer,
  })
}
