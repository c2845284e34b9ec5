// Time as a parameter: code that needs the time takes a Clock, so that tests can control it.

export type Clock = {
  /** Epoch milliseconds. */
  nowMs(): number
  /** Milliseconds of a clock that never jumps; only differences have a meaning. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
