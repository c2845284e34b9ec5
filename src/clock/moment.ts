// A moment by both clocks. Ages come from the steady clock: the wall clock may have been set since, by a person, by NTP or by a
// machine that woke up, and an age that jumps by an hour makes fresh data look stale, or hides that nothing changed for an hour.
import type { Clock } from './clock.js'

export type Moment = {
  /** Epoch milliseconds, as people read it. */
  readonly wallMs: number
  readonly monotonicMs: number
}

/** Clocks always drift apart a little; by more than this, the wall clock was set. */
const SET_BY_MS = 2_000

export function momentNow(clock: Clock): Moment {
  return { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
}

export function agoMs(moment: Moment, now: Moment): number {
  return Math.max(0, now.monotonicMs - moment.monotonicMs)
}

/** When it was, epoch ms, by the present wall clock: in its new time when it was set since. */
export function wallTimeOf(moment: Moment, now: Moment): number {
  const wallMs = now.wallMs - (now.monotonicMs - moment.monotonicMs)
  return Math.abs(wallMs - moment.wallMs) > SET_BY_MS ? wallMs : moment.wallMs
}
