// The boards of a server that is a node of a fleet: what its node shows, its own board or the fleet's, each as it came. The loop
// that makes the own board is another one.
import { type Board, unchangedBoard } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import { agoMs, type Moment, momentNow, wallTimeOf } from '../clock/moment.js'
import type { BoardLooks } from '../declared/board.js'
import { type SourceState, STATUS_STATES } from '../engine/cycle.js'
import type { Boards } from '../engine/loop.js'
import type { StaleLimits } from '../engine/source-state.js'
import { sourceRemarks } from '../engine/source-words.js'
import { sameVerdict, verdictOf, verdictWith } from '../panels/verdict.js'
import type { Verdict } from '../protocol/events.js'
import type { FleetSource } from './board-text.js'

export type FleetBoardsOptions = {
  /** What the own board is built from. */
  readonly own: Boards
  readonly limits: () => StaleLimits
  /** IANA name, for the times in the verdict. */
  readonly timezone: () => string
  readonly clock: Clock
  /** It shows the fleet's last board because Redis is gone, and has none of its own. */
  readonly isAdrift: () => boolean
}

/** `source` null: it is the own board. `at`: when it came. */
type Shown = { readonly board: Board; readonly source: FleetSource | null; readonly at: Moment }

export class FleetBoards implements Boards {
  readonly minGapMs = 0
  readonly ticksBeforeNews = true
  readonly #options: FleetBoardsOptions
  #onNews: () => void = () => {}
  #shown: Shown | null = null

  constructor(options: FleetBoardsOptions) {
    this.#options = options
  }

  /** What the node shows now. `source`: the publisher's; null: it is the own board. */
  show(board: Board, source: FleetSource | null): void {
    this.#shown = { board, source, at: momentNow(this.#options.clock) }
    this.#onNews()
  }

  get #isOwn(): boolean {
    return this.#shown === null || this.#shown.source === null
  }

  /** The publisher's; undefined: it is the own board. */
  get looks(): BoardLooks | null | undefined {
    const source = this.#shown?.source ?? null
    return source === null ? undefined : (source.looks ?? null)
  }

  get phase(): Boards['phase'] {
    if (this.#shown === null) return 'waiting'
    return this.#options.isAdrift() ? 'lost' : 'live'
  }

  get snapshot(): Boards['snapshot'] {
    return this.#isOwn ? this.#options.own.snapshot : null
  }

  get reading(): Boards['reading'] {
    return this.#isOwn ? this.#options.own.reading : null
  }

  start(onNews: () => void): void {
    this.#onNews = onNews
  }

  /** A board that was shown before is one in which nothing changed. */
  next(previous: Board): Board {
    const board = this.#shown?.board
    if (board === undefined) return previous
    const isKnown = board.epoch === previous.epoch && board.generation === previous.generation
    return isKnown ? unchangedBoard(previous, board.cycle, board.builtAtMs) : board
  }

  sourceAt(now: Moment): SourceState {
    const shown = this.#shown
    if (shown === null || shown.source === null) return this.#options.own.sourceAt(now)
    return this.#followed(shown.source, shown.at, now)
  }

  /** As the publisher had it. Its age grows here by the steady clock: no two machines' clocks are compared. */
  #followed(source: FleetSource, at: Moment, now: Moment): SourceState {
    const lagSec = agoMs(at, now) / 1000
    const ageSec = source.age_sec === null ? null : source.age_sec + lagSec
    const changedMs = source.changed_ago_sec === null ? null : source.changed_ago_sec * 1000
    const changedAtMs = changedMs === null ? null : wallTimeOf(at, now) - changedMs
    const common = { ageSec, changedAtMs }
    const { warnSec, errorSec } = this.#options.limits()
    const tooOld = source.too_old || lagSec > errorSec
    if (this.#options.isAdrift())
      return { ...common, state: 'io', error: 'Redis is gone; the last board of the fleet is shown', tooOld }
    // A publisher writes with every cycle of its loop, so for as long as this there is none.
    if (lagSec > warnSec) return { ...common, state: 'stale', error: null, tooOld }
    // A later version may have states that this one does not know.
    const state = STATUS_STATES.find(known => known === source.state) ?? 'stale'
    return { ...common, state, error: source.error, tooOld }
  }

  /** The publisher's, with what this server alone knows of the age of its board. */
  verdictOf(board: Board, source: SourceState): Verdict {
    const shown = this.#shown
    const sent = shown?.board.verdict ?? null
    if (shown === null || shown.source === null) {
      const now = this.#options.own.verdictOf(board, source)
      // With the time since when it is so, as it is published.
      return sent !== null && sent.since !== undefined && sameVerdict({ ...now, since: sent.since }, sent)
        ? sent
        : now
    }
    const given = sent ?? verdictOf({ snapshot: null, panels: board.panels.values(), remarks: [] })
    const isSaid = source.state === shown.source.state
    return isSaid ? given : verdictWith(given, sourceRemarks(source, this.#options.timezone()))
  }

  ingest(nowMs: number): ReturnType<Boards['ingest']> {
    return this.#options.own.ingest(nowMs)
  }

  refresh(): Promise<void> {
    return this.#options.own.refresh()
  }

  /** The loop of the own boards closes these. */
  close(): Promise<void> {
    this.#onNews = () => {}
    return Promise.resolve()
  }
}
