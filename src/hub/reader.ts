// One client of the board, as the hub sees it: a connection and a position. No queue, no buffer, no timer of its own.
import { Connection, type ConnectionParts } from '../connection/connection.js'
import type { HistoryAsk } from './hub-types.js'
import type { Lane } from './lane.js'

/** Got nothing yet; the first board (or a new epoch) brings the greeting. */
export const UNGREETED = -2

/** Of a reader: it is in no chain. Of a step: it continues none, so any reader at its beginning may have it. */
export const NO_CHAIN = 0

/** Tokens a reader can save up: two seconds' worth. */
const BURST_SEC = 2

export class BoardReader extends Connection {
  readonly lane: Lane<BoardReader>
  /** `Last-Event-ID` as it came; null once the greeting has used it. */
  lastEventId: string | null
  /** It waits for the generation of its `Last-Event-ID` (`HubOptions.holdAheadMs`). */
  isHeld = false
  /** It waits for its turn after a change of the epoch (spread.ts). */
  isQueued = false
  /** What its greetings say of the past; null: nothing. */
  readonly history: HistoryAsk | null
  /** It has everything up to this generation. */
  position = UNGREETED
  /** The lane's chain that its last bytes belong to; `NO_CHAIN` when they were its own. */
  chain = NO_CHAIN
  /** How many of its feed's published events are accounted for: sent to it, or merged into one that was. */
  accounted: number
  /** Place in its lane, for removal without a search. */
  slot = 0
  /** Thousandths of event tokens left at `#tokensAtMs`. May fall below zero: a group is sent whole, then paid for. */
  #milliTokens: number
  #tokensAtMs: number

  constructor(
    parts: ConnectionParts & { readonly lastEventId: string | null; readonly history?: HistoryAsk },
    lane: Lane<BoardReader>,
    eventsPerSec: number,
    nowMs: number,
  ) {
    super(parts, nowMs)
    this.lane = lane
    this.lastEventId = parts.lastEventId
    this.history = parts.history ?? null
    this.accounted = lane.feed.published
    this.#milliTokens = eventsPerSec * BURST_SEC * 1_000
    this.#tokensAtMs = nowMs
  }

  /** Whether it may be sent a group of events now. */
  hasTokens(eventsPerSec: number, nowMs: number): boolean {
    // Tokens a second are thousandths a millisecond.
    const earned = this.#milliTokens + (nowMs - this.#tokensAtMs) * eventsPerSec
    const full = eventsPerSec * BURST_SEC * 1_000
    this.#milliTokens = earned > full ? full : earned
    this.#tokensAtMs = nowMs
    return this.#milliTokens >= 1_000
  }

  /** After `hasTokens`. */
  spendTokens(events: number): void {
    this.#milliTokens -= events * 1_000
  }
}
