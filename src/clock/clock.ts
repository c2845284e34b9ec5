// Time as a parameter: whoever needs the time takes a Clock, so tests can own it.

export type Clock = {
  /** Epoch milliseconds. */
  nowMs(): number
  /** Milliseconds of a clock that never jumps; only differences mean something. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
