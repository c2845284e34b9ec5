// Boards that another server built: each is published as it came. A tick in between keeps statistics and heartbeats going.
import type { MemberCounts } from '../automatic/drafts.js'
import { type Board, unchangedBoard } from '../board/board.js'
import { followBoard, type SeenBoard } from '../board/follow.js'
import { agoMs, type Moment, wallTimeOf } from '../clock/moment.js'
import type { BoardLooks } from '../declared/board.js'
import { verdictOf, verdictWith } from '../panels/verdict.js'
import type { Verdict } from '../protocol/events.js'
import type { ReadingError } from '../snapshot/reading.js'
import type { SourceState } from './cycle.js'
import type { Boards } from './loop.js'
import type { Played } from './played.js'
import type { StaleLimits } from './source-state.js'
import { sourceRemarks } from './source-words.js'

/** The state of a followed server. */
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
  /** Members of its document, where the followed board is an automatic one; null until that is known. */
  readonly members: MemberCounts | null
  /** How its board file wants the board to look; null without one, and until that is known. */
  readonly looks: BoardLooks | null
  /** Connects again now, when it is waiting to. */
  refresh(): Promise<void>
  /** Of a recording that is played: its time; null before its first board. */
  played?(): Played | null
  close(): Promise<void>
}

export type FollowedBoardsOptions = {
  readonly source: BoardSource
  readonly refreshMs: () => number
  readonly limits: () => StaleLimits
  /** IANA name, for the times in the verdict. */
  readonly timezone: () => string
}

export class FollowedBoards implements Boards {
  readonly minGapMs = 0
  readonly ticksBeforeNews = true
  readonly snapshot = null
  readonly reading = null
  readonly #options: FollowedBoardsOptions
  #seen: SeenBoard | null = null
  #isShown = false
  #changed: Moment | null = null
  /** When the last byte came, as far as is known. */
  #heard: Moment | null = null
  #closed = false

  constructor(options: FollowedBoardsOptions) {
    this.#options = options
  }

  /** Only boards count (the first may take long to come), and nobody can say "unchanged" of a lost server. */
  get phase(): Boards['phase'] {
    if (!this.#isShown) return 'waiting'
    return this.#options.source.news.fault === null ? 'live' : 'lost'
  }

  start(onNews: () => void): void {
    this.#options.source.start(() => {
      if (!this.#closed) onNews()
    })
  }

  next(previous: Board, _cycle: number, now: Moment): Board {
    const { board: seen } = this.#options.source.news
    const isNew = seen !== null && seen !== this.#seen
    const board = isNew
      ? followBoard(previous, seen)
      : unchangedBoard(previous, previous.cycle, previous.builtAtMs)
    this.#seen = seen
    this.#isShown = board.generation > 0
    if (board.changed.length > 0) this.#changed = now
    return board
  }

  sourceAt(now: Moment): SourceState {
    const { source, limits } = this.#options
    const { board, fault, heardAtMs } = source.news
    // Only the wall clock says when bytes came, so it is read once for each of these times, while it is new.
    if (heardAtMs !== null && this.#heard?.wallMs !== heardAtMs) this.#heard = this.#momentOf(heardAtMs, now)
    const ageSec = this.#heard === null ? null : agoMs(this.#heard, now) / 1000
    const tooOld = ageSec !== null && ageSec > limits().errorSec
    const changedAtMs = this.#changed === null ? null : wallTimeOf(this.#changed, now)
    if (fault !== null) return { state: fault.error, ageSec, changedAtMs, error: fault.message, tooOld }
    return { state: board === null ? 'starting' : 'fresh', ageSec, changedAtMs, error: null, tooOld }
  }

  /** The loop looks every refresh, so the last byte cannot be older than one. */
  #momentOf(heardAtMs: number, now: Moment): Moment {
    const sinceMs = Math.min(Math.max(0, now.wallMs - heardAtMs), this.#options.refreshMs())
    return { wallMs: heardAtMs, monotonicMs: now.monotonicMs - sinceMs }
  }

  /** What the followed server says of itself, and what its connection says. */
  verdictOf(board: Board, source: SourceState): Verdict {
    const own =
      this.#seen?.verdict ?? verdictOf({ snapshot: null, panels: board.panels.values(), remarks: [] })
    return verdictWith(own, sourceRemarks(source, this.#options.timezone()))
  }

  ingest(): undefined {
    return
  }

  refresh(): Promise<void> {
    return this.#options.source.refresh()
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#options.source.close()
  }
}
