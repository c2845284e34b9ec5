// When the builder stops trying a panel that keeps failing: after 3 failures in a row it pauses the panel for 30 s, then tries once.

export const FAILURES_BEFORE_PAUSE = 3
export const PAUSE_MS = 30_000

/** A panel that failed the last time it was built. */
export type Failures = {
  readonly inARow: number
  /** When it last failed, epoch ms. */
  readonly lastAtMs: number
}

export function failedAgain(before: Failures | undefined, nowMs: number): Failures {
  return { inARow: (before?.inARow ?? 0) + 1, lastAtMs: nowMs }
}

/** A clock that was set back ends the pause: nobody knows how long it has been. */
export function isPaused(failures: Failures | undefined, nowMs: number): boolean {
  if (failures === undefined || failures.inARow < FAILURES_BEFORE_PAUSE) return false
  const pausedMs = nowMs - failures.lastAtMs
  return pausedMs >= 0 && pausedMs < PAUSE_MS
}
