// One connected client, as the hub sees it: a position, and nothing more. No queue, no buffer, no timer of its own.

import type { Transport } from '../connection/transport.js'
import type { Lane } from './lane.js'

/** Has been sent nothing yet; gets the greeting with the first board (or with a new epoch). */
export const UNGREETED = -2

/** In no chain; and of a step: it continues none, so whoever stands at its beginning may have it. */
export const NO_CHAIN = 0

export type Reader = {
  readonly transport: Transport
  readonly lane: Lane
  readonly owner: string | null
  /** What it came back with; null once the greeting has used it. */
  lastEventId: string | null
  readonly joinedAtMs: number
  /** The generation up to which it has been sent everything. */
  position: number
  /** The connection takes no bytes until it drains. */
  blocked: boolean
  closed: boolean
  /**
   * Thousandths of event tokens left, and when that was true. May fall below zero: a group is sent whole, then paid for.
   * All whole numbers, which V8 keeps inside the object: the loop over readers touches no other memory.
   */
  milliTokens: number
  tokensAtMs: number
  lastByteAtMs: number
  /** The lane's chain its last bytes belong to; `NO_CHAIN` when they were its own. */
  chain: number
  /** How many of its feed's published events are accounted for: sent to it, or merged into one that was. */
  accounted: number
  /** While blocked: the last progress seen and since when there was none. */
  progressSeen: number
  progressAtMs: number
  /** Place in its lane, for removal without a search. */
  slot: number
}

/** The most tokens a reader can save up: two seconds' worth. */
export function fullMilliTokens(perSec: number): number {
  return perSec * 2_000
}

/** Whether the reader may be sent a group of events now. `nowMs` is whole. */
export function hasTokens(reader: Reader, perSec: number, nowMs: number): boolean {
  // Tokens a second are thousandths a millisecond.
  const earned = reader.milliTokens + (nowMs - reader.tokensAtMs) * perSec
  const full = fullMilliTokens(perSec)
  reader.milliTokens = earned > full ? full : earned
  reader.tokensAtMs = nowMs
  return reader.milliTokens >= 1_000
}

/** After `hasTokens`. */
export function spendTokens(reader: Reader, events: number): void {
  reader.milliTokens -= events * 1_000
}
