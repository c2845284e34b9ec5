// The fleet's second board: its servers, made from what they say of themselves.
import { type Board, emptyBoard, nextBoard, withVerdict } from '../board/board.js'
import type { Moment } from '../clock/moment.js'
import { VerdictSince } from '../engine/verdict-since.js'
import { verdictOf } from '../panels/verdict.js'
import type { FleetDocument } from '../protocol/fleet.js'
import type { FleetSource } from './board-text.js'
import type { OwnBoard } from './publisher.js'
import { serversPanels } from './servers-panels.js'

/** Nothing has to be read: it is as old as the last beat. */
const SOURCE: FleetSource = { state: 'fresh', error: null, age_sec: 0, changed_ago_sec: 0, too_old: false }

/** An unchanged board is written again after this, so that followers know that it is kept up to date. */
export const SERVERS_AGAIN_MS = 10_000

export class ServersBoard {
  #own: OwnBoard
  #madeMs = Number.NEGATIVE_INFINITY
  readonly #since = new VerdictSince()

  constructor(epoch: string) {
    this.#own = { board: emptyBoard(epoch), source: SOURCE }
  }

  /** The same object while nothing changed, for up to ten seconds. */
  next(document: FleetDocument, now: Moment): OwnBoard {
    const { board } = this.#own
    const made = nextBoard(board, serversPanels(document), board.cycle + 1, now.wallMs)
    const next = withVerdict(made, this.#verdictOf(made, now))
    const isSame = next.generation === board.generation && next.verdict === board.verdict
    if (isSame && now.monotonicMs - this.#madeMs < SERVERS_AGAIN_MS) return this.#own
    this.#own = { board: next, source: SOURCE }
    this.#madeMs = now.monotonicMs
    return this.#own
  }

  #verdictOf(board: Board, now: Moment) {
    return this.#since.of(verdictOf({ snapshot: null, panels: board.panels.values(), remarks: [] }), now)
  }
}
