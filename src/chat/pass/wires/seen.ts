// What the relay must know of one event that it passes on: whether it ends the answer, what it counts, and whether it says something.
import type { TokenCounts } from '../../events.js'

export type Seen = {
  /** `done`: the answer has ended as the upstream meant it to; `error`: the upstream says that it failed. */
  readonly ends: 'done' | 'error' | null
  /** How it ended, as `done.reason` says it; null unless `ends` is `done`. */
  readonly reason: string | null
  /** Bytes of what it says to a person, or to the program that asked; 0: nothing. */
  readonly wordBytes: number
  /** Null: none in this event. Of several the newer ones count, member by member. */
  readonly usage: TokenCounts | null
  /** An id of the API by which this answer may be asked for. */
  readonly answerId: string | null
}

export const NOTHING: Seen = { ends: null, reason: null, wordBytes: 0, usage: null, answerId: null }
export const DONE: Seen = { ...NOTHING, ends: 'done', reason: 'complete' }
export const FAILED: Seen = { ...NOTHING, ends: 'error' }
