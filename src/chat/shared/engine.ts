// What sharing answers needs of the fleet, and the times it goes by.
import { HttpError } from '../../contract/errors.js'
import { busyHeaders } from '../../contract/refusal.js'
import type { Link } from '../../redis/link.js'
import { nodeChannel } from './keys.js'

export type Engine = {
  readonly link: Pick<Link, 'run' | 'bulk' | 'commands' | 'subscribe' | 'unsubscribe'>
  /** The id of this node: another one for each start. */
  readonly node: string
  readonly fleet: string
  readonly db: number
  /** Redis answers no beat of this node. */
  readonly isGone: boolean
  /** Nodes that beat, as last seen. */
  readonly nodes: number
}

export type SharedTimes = {
  /** Events are gathered for so long before they are written. */
  readonly gatherMs: number
  /** Beats, polls, renewals. */
  readonly tickMs: number
  /** Between two tries while Redis is gone. */
  readonly retryMs: number
  /** A writer whose beat does not grow for so long is dead. */
  readonly deadMs: number
  /** At most so much of the time between two looks counts for that: this process may have been paused. */
  readonly longestStepMs: number
  /** A node has readers of an answer for so long after it last reported them. */
  readonly readersMs: number
  /** A copy of an answer is kept for so long without readers. */
  readonly lingerMs: number
  /** An answer is deflated so long after its end. */
  readonly sealMs: number
  /** An answer that is not known is looked for once more after this: its first write may be on its way. */
  readonly againMs: number
  /** How long a claim holds whose answer has not begun; it is renewed. */
  readonly claimMs: number
  /** How long a caller waits for the answer of a claim to begin. */
  readonly joinMs: number
  /** Ticks between two looks at Redis's memory, and between two sweeps for answers of dead writers. */
  readonly rareTicks: number
  /** The longest that the end of the program waits for the last writes. */
  readonly closeMs: number
}

export const SHARED_TIMES: SharedTimes = {
  gatherMs: 25,
  tickMs: 1_000,
  retryMs: 250,
  deadMs: 15_000,
  longestStepMs: 2_000,
  readersMs: 5_000,
  lingerMs: 5_000,
  sealMs: 2_000,
  againMs: 100,
  claimMs: 20_000,
  joinMs: 5_000,
  rareTicks: 5,
  closeMs: 1_000,
}

/** What the channels of nodes begin with. */
export const channelsOf = ({ fleet, db }: Pick<Engine, 'fleet' | 'db'>): string => nodeChannel(fleet, db, '')

/** A 503: what Redis knows is not known now. */
export function engineGone(detail?: string): HttpError {
  return new HttpError('engine_gone', detail, busyHeaders())
}
