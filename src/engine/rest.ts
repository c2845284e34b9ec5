// When a panel that keeps failing is left alone: after 3 failures in a row it rests 30 s, then gets one more chance.

export const FAILURES_BEFORE_REST = 3
export const REST_MS = 30_000

/** What is known of a panel that failed the last time it was built. */
export type Failures = {
  readonly inARow: number
  /** When it last failed, epoch ms. */
  readonly lastAtMs: number
}

export function failedAgain(before: Failures | undefined, nowMs: number): Failures {
  return { inARow: (before?.inARow ?? 0) + 1, lastAtMs: nowMs }
}

/** Whether it rests now. A clock that was set back ends the rest: nobody knows how long it has been. */
export function isResting(failures: Failures | undefined, nowMs: number): boolean {
  if (failures === undefined || failures.inARow < FAILURES_BEFORE_REST) return false
  const restedMs = nowMs - failures.lastAtMs
  return restedMs >= 0 && restedMs < REST_MS
}
