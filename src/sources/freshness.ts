// How old a followed stream's news is, and when its silence is reason to ask for a full status.

/** The longest time between two requests while nothing comes. */
const LONGEST_PAUSE_MS = 600_000

/**
 * How far a server's clock is ahead of the steady one, by the `Date` of its answer, which is cut to the second; so a
 * status never counts as older than it is. Without a `Date` both run by the same wall clock.
 */
export function clockAheadMs(
  date: string | null,
  { wallMs, steadyMs }: { readonly wallMs: number; readonly steadyMs: number },
): number {
  const serverMs = Date.parse(date ?? '')
  return (Number.isNaN(serverMs) ? wallMs : serverMs) - steadyMs
}

/** The age at which to ask again, after a request at this age: twice as old, ten minutes later at most. */
export function nextStaleAgeMs(ageMs: number): number {
  return ageMs + Math.min(ageMs, LONGEST_PAUSE_MS)
}
