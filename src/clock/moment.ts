// A moment by both clocks. How long ago it was is the steady clock's to say: the one on the wall may have been set since, by
// a person, by NTP or by a machine that woke up, and an age that jumps by an hour makes all that is fresh look stale, or hides
// that nothing changed for an hour.
import type { Clock } from './clock.js'

export type Moment = {
  /** Epoch milliseconds, as people read it. */
  readonly wallMs: number
  readonly monotonicMs: number
}

/** The clocks drift apart a little all the time; by more than this, somebody has set the one on the wall. */
const SET_BY_MS = 2_000

export function momentNow(clock: Clock): Moment {
  return { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
}

export function agoMs(moment: Moment, now: Moment): number {
  return Math.max(0, now.monotonicMs - moment.monotonicMs)
}

/** When it was, epoch ms, as the wall clock counts now: in its new time when it was set meanwhile. */
export function wallTimeOf(moment: Moment, now: Moment): number {
  const wallMs = now.wallMs - (now.monotonicMs - moment.monotonicMs)
  return Math.abs(wallMs - moment.wallMs) > SET_BY_MS ? wallMs : moment.wallMs
}
