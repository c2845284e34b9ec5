// A node's seat in the fleet, as a pure reducer: what it serves, and whether it wants to publish.
//
//   following  the fleet's board
//   leading    its own board, and writes it to Redis: it has the lease
//   alone      its own board, because Redis is gone and its own reading is fresh
//   adrift     the last board, because Redis is gone and it has nothing of its own
//
// Two things keep it right. Nothing here makes a write safe: the script that writes checks the lease. And nothing here compares
// two machines' clocks: an engine is gone after so many beats without an answer, a holder is dead when the number of its beat
// does not grow. Beats are counted and not timed, so that a process that was paused for a minute does not wake up to believe
// that Redis was silent for that long.
import type { Lease } from './lease.js'
import type { Want } from './scripts/beat.js'

export type Seat = 'following' | 'leading' | 'alone' | 'adrift'

export type SeatLimits = {
  /** Beats without an answer after which the engine counts as gone. */
  readonly goneBeats: number
  /** The same for a connection that is closed. */
  readonly closedMs: number
  /** Beats without an answer after which a node serves what it has itself. */
  readonly ownBeats: number
  /** A holder whose beat does not grow for this long is dead. */
  readonly deadHolderMs: number
  /** At most this much of the time between two answers counts for that: this process may have been paused. */
  readonly longestStepMs: number
  /** Answers in a row that found the lease free, after which a node leads with a reading that is not fresh. */
  readonly vacantBeats: number
  /** How long the own reading must be fresh again, after a hand-over because it was not, until this node may lead again. */
  readonly freshAgainMs: number
}

export const SEAT_LIMITS: SeatLimits = {
  goneBeats: 3,
  closedMs: 2_000,
  ownBeats: 6,
  deadHolderMs: 10_000,
  longestStepMs: 2_000,
  vacantBeats: 3,
  freshAgainMs: 30_000,
}

export type SeatState = {
  readonly node: string
  readonly seat: Seat
  /** The lease as it was last seen; while leading it is this node's. */
  readonly lease: Lease | null
  /** Another node that could lead now. */
  readonly successor: string | null
  /** Since when the own reading is fresh; null: it is not, or there is none. */
  readonly freshSinceMs: number | null
  /** It has a board of its own, fresh or not. */
  readonly hasOwn: boolean
  /** Its board is one that it may publish: not that of another server, which it only follows. */
  readonly mayLead: boolean
  /** Answers in a row that found the lease free. */
  readonly vacant: number
  /** It handed over because its reading was not fresh. */
  readonly isCooling: boolean
  readonly isDraining: boolean
  /** Its loop does not tick, although it beats. */
  readonly isHung: boolean
  /** The fleet's board is of a version that this one cannot read. */
  readonly isUnreadable: boolean
  /** Beats since the last answer. */
  readonly unanswered: number
  /** Since when there is no connection; null while there is one. */
  readonly closedSinceMs: number | null
  readonly isEngineGone: boolean
  /** When the last answer came; null: none yet. */
  readonly answeredMs: number | null
  /** How far the holder of the lease is with its beats, and for how long that did not change. */
  readonly holder: { readonly lease: string; readonly beat: number | null; readonly stillMs: number } | null
}

export type SeatEvent =
  /** Once a second. */
  | { readonly type: 'tick'; readonly nowMs: number }
  /** A beat was answered. `holderBeat`: of the lease's holder. */
  | {
      readonly type: 'answered'
      readonly nowMs: number
      readonly lease: Lease | null
      readonly successor: string | null
      readonly holderBeat: number | null
    }
  | { readonly type: 'link'; readonly nowMs: number; readonly isUp: boolean }
  /** A publish or a transfer was refused: the lease is not this node's any more. */
  | { readonly type: 'fenced' }
  /** Redis knows this node's tokens. */
  | { readonly type: 'joined' }
  /** The notice that the lease is free, or handed to somebody. */
  | { readonly type: 'vacant'; readonly lease: Lease | null }
  | { readonly type: 'reading'; readonly nowMs: number; readonly isFresh: boolean }
  | { readonly type: 'hung'; readonly isHung: boolean }
  | { readonly type: 'unreadable'; readonly isUnreadable: boolean }
  | { readonly type: 'drain' }

export type SeatEffect =
  | { readonly type: 'beat'; readonly want: Want; readonly isReady: boolean }
  /** A new term of this node: publish the whole board under this lease. */
  | { readonly type: 'lead'; readonly lease: Lease }
  | { readonly type: 'transfer'; readonly lease: Lease; readonly to: string }
  | { readonly type: 'steal'; readonly lease: Lease }
  | { readonly type: 'seat'; readonly from: Seat; readonly to: Seat }
  | { readonly type: 'engine'; readonly isGone: boolean }

type Step = { readonly state: SeatState; readonly effects: readonly SeatEffect[] }

export function newSeat(node: string, nowMs: number, mayLead = true): SeatState {
  return {
    node,
    seat: 'following',
    lease: null,
    successor: null,
    freshSinceMs: null,
    hasOwn: false,
    mayLead,
    vacant: 0,
    isCooling: false,
    isDraining: false,
    isHung: false,
    isUnreadable: false,
    unanswered: 0,
    closedSinceMs: nowMs,
    isEngineGone: false,
    answeredMs: null,
    holder: null,
  }
}

/** It could take over now, if asked. */
function isReady(state: SeatState): boolean {
  const { freshSinceMs, mayLead, isDraining, isHung, isCooling, isUnreadable } = state
  return freshSinceMs !== null && mayLead && !isDraining && !isHung && !isCooling && !isUnreadable
}

/**
 * What the next beat asks for. A node that is cooling still leads where nobody else could: a stale board would help nobody. One that
 * leads with a stale reading, and finds nobody better, goes on; and where nobody leads for some beats, a stale board is better than none.
 */
function wantOf(state: SeatState, { vacantBeats }: SeatLimits): Want {
  const isMine = state.lease?.node === state.node
  if (state.isDraining || state.isHung) return isMine ? 'resign' : 'none'
  if (state.seat === 'leading') return 'lead'
  if (state.isUnreadable || !state.mayLead) return 'none'
  if (state.freshSinceMs === null) return state.hasOwn && state.vacant >= vacantBeats ? 'lead' : 'none'
  return state.isCooling && state.successor !== null ? 'none' : 'lead'
}

const beatOf = (state: SeatState, limits: SeatLimits): SeatEffect => ({
  type: 'beat',
  want: wantOf(state, limits),
  isReady: isReady(state),
})

export function seatStep(state: SeatState, event: SeatEvent, limits: SeatLimits = SEAT_LIMITS): Step {
  const { state: next, effects } = step(state, event, limits)
  const before: SeatEffect[] = []
  if (next.isEngineGone !== state.isEngineGone) before.push({ type: 'engine', isGone: next.isEngineGone })
  if (next.seat !== state.seat) before.push({ type: 'seat', from: state.seat, to: next.seat })
  return { state: next, effects: [...before, ...effects] }
}

function step(state: SeatState, event: SeatEvent, limits: SeatLimits): Step {
  switch (event.type) {
    case 'tick':
      return onTick(state, event.nowMs, limits)
    case 'answered':
      return onAnswer(state, event, limits)
    case 'link':
      return only({ ...state, closedSinceMs: event.isUp ? null : (state.closedSinceMs ?? event.nowMs) })
    case 'joined':
      // It is one of the fleet from now on, not from the next tick.
      return { state, effects: [beatOf(state, limits)] }
    case 'fenced':
      return only(state.seat === 'leading' ? { ...state, seat: 'following', lease: null } : state)
    case 'vacant':
      return onVacant(state, event.lease, limits)
    case 'reading': {
      const freshSinceMs = event.isFresh ? (state.freshSinceMs ?? event.nowMs) : null
      return handOver(withOwnReading({ ...state, freshSinceMs, hasOwn: true }))
    }
    case 'hung':
      return handOver({ ...state, isHung: event.isHung })
    case 'unreadable':
      return only(withOwnReading({ ...state, isUnreadable: event.isUnreadable }))
    case 'drain':
      return handOver({ ...state, isDraining: true })
  }
}

const only = (state: SeatState): Step => ({ state, effects: [] })

function onTick(state: SeatState, nowMs: number, limits: SeatLimits): Step {
  const { unanswered, closedSinceMs, freshSinceMs } = state
  const isClosed = closedSinceMs !== null && nowMs - closedSinceMs > limits.closedMs
  const isCooling = state.isCooling && (freshSinceMs === null || nowMs - freshSinceMs < limits.freshAgainMs)
  const isEngineGone = state.isEngineGone || unanswered >= limits.goneBeats || isClosed
  let next: SeatState = { ...state, isCooling, isEngineGone, unanswered: unanswered + 1 }
  // A server that starts without an engine has nothing to show yet, so it does not wait for longer.
  const most = state.answeredMs === null ? limits.goneBeats : limits.ownBeats
  if (isEngineGone && unanswered >= most) next = { ...next, seat: seatWithoutEngine(next) }
  const { state: later, effects } = handOver(next)
  return { state: later, effects: [...effects, beatOf(later, limits)] }
}

/** A board of its own that goes stale meanwhile is marked as such, and is still better than an older one. */
function seatWithoutEngine({ seat, freshSinceMs }: SeatState): Seat {
  return seat === 'leading' || seat === 'alone' || freshSinceMs !== null ? 'alone' : 'adrift'
}

/** A node that is adrift, or cannot read the fleet's board, serves its own as soon as that is fresh. */
function withOwnReading(state: SeatState): SeatState {
  const isAlone = state.seat === 'adrift' || (state.isUnreadable && state.seat === 'following')
  return isAlone ? { ...state, seat: seatWithoutEngine(state) } : state
}

function onAnswer(
  state: SeatState,
  { nowMs, lease, successor, holderBeat }: SeatEvent & { type: 'answered' },
  limits: SeatLimits,
): Step {
  const isMine = lease?.node === state.node
  const mayHold = isMine && !state.isDraining && !state.isHung
  const seat: Seat = mayHold ? 'leading' : state.isUnreadable ? seatWithoutEngine(state) : 'following'
  const { holder, isDead } = watchHolder(state, lease, isMine, holderBeat, nowMs, limits)
  const next: SeatState = {
    ...state,
    seat,
    lease,
    successor,
    vacant: lease === null ? state.vacant + 1 : 0,
    unanswered: 0,
    isEngineGone: false,
    answeredMs: nowMs,
    holder,
  }
  const effects: SeatEffect[] = []
  if (mayHold && !(state.seat === 'leading' && state.lease?.text === lease.text))
    effects.push({ type: 'lead', lease })
  if (isDead && lease !== null) effects.push({ type: 'steal', lease })
  const { state: later, effects: more } = handOver(next)
  return { state: later, effects: [...effects, ...more] }
}

function watchHolder(
  { holder, answeredMs }: SeatState,
  lease: Lease | null,
  isMine: boolean,
  beat: number | null,
  nowMs: number,
  { deadHolderMs, longestStepMs }: SeatLimits,
): { readonly holder: SeatState['holder']; readonly isDead: boolean } {
  if (lease === null || isMine) return { holder: null, isDead: false }
  const isStill = holder !== null && holder.lease === lease.text && holder.beat === beat
  const stillMs = isStill ? holder.stillMs + Math.min(nowMs - (answeredMs ?? nowMs), longestStepMs) : 0
  const isDead = stillMs >= deadHolderMs
  return { holder: { lease: lease.text, beat, stillMs: isDead ? 0 : stillMs }, isDead }
}

/** A free lease is asked for at once, not with the next tick. A lease handed to this node is taken without a beat. */
function onVacant(state: SeatState, lease: Lease | null, limits: SeatLimits): Step {
  if (state.isEngineGone) return only(state)
  if (lease !== null && lease.node === state.node) {
    if (state.isDraining || state.isHung || state.isUnreadable) return only({ ...state, lease })
    if (state.lease !== null && lease.term <= state.lease.term) return only(state)
    return { state: { ...state, seat: 'leading', lease, holder: null }, effects: [{ type: 'lead', lease }] }
  }
  if (lease !== null || state.seat === 'leading') return only(state)
  const next: SeatState = { ...state, lease: null, holder: null }
  return { state: next, effects: wantOf(next, limits) === 'lead' ? [beatOf(next, limits)] : [] }
}

/** A leader that should not lead hands the lease to a successor where there is one. */
function handOver(state: SeatState): Step {
  const { seat, lease, successor, freshSinceMs, isDraining, isHung } = state
  if (seat !== 'leading' || lease === null) return only(state)
  const isStale = freshSinceMs === null
  if (isDraining || isHung || (isStale && successor !== null)) {
    const next: SeatState = { ...state, seat: 'following', isCooling: state.isCooling || isStale }
    const away: SeatEffect =
      successor === null
        ? { type: 'beat', want: 'resign', isReady: false }
        : { type: 'transfer', lease, to: successor }
    return { state: next, effects: [away] }
  }
  return only(state)
}
