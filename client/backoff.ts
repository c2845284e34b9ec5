// When a lost connection is made again:
//     wish + random × min(maxDelayMs, initialDelayMs × 2^failures)
// The wish is the newest `retry:` of the server, or what its refusal asks for. A run of failures ends with a good state
// (a settled board) or with a connection that lived for STEADY_MS: one event proves nothing, since a server may send one and
// close each time. test/vectors/delays.json keeps this and the Python client equal.

export type Backoff = {
  /** The server asked for this delay (`retry:`); 100 ms at least, or `initialDelayMs` where the caller wants shorter waits. */
  retry(ms: number): void
  /** Ends the run of failures. */
  good(): void
  /** The wait after a connection that lived for `lifeMs` (0: it was refused or failed), at least `leastMs`. */
  next(lifeMs: number, leastMs: number): number
}

/** A connection that lived this long ends a run of failures. */
export const STEADY_MS = 10_000
/** Limits of a delay that a server asks for. */
export const LEAST_PAUSE_MS = 100
export const MAX_SERVER_DELAY_MS = 3_600_000

export function createBackoff(initialDelayMs: number, maxDelayMs: number, random: () => number): Backoff {
  let wishMs = 0
  let failures = 0
  return {
    retry(ms) {
      wishMs = Math.max(ms, Math.min(LEAST_PAUSE_MS, initialDelayMs))
    },
    good() {
      failures = 0
    },
    next(lifeMs, leastMs) {
      if (lifeMs >= STEADY_MS) failures = 0
      const scaleMs = failures === 0 ? initialDelayMs : Math.max(initialDelayMs, 100) * 2 ** failures
      failures++
      return (
        Math.min(Math.max(wishMs, leastMs), MAX_SERVER_DELAY_MS) + random() * Math.min(maxDelayMs, scaleMs)
      )
    },
  }
}
