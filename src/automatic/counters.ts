// Counters of what went wrong. A count above zero may be years old, so it says nothing; one that rises is a warning. Before a second
// document there is nothing to compare with.

/** A counter that rose stays a warning this long. */
export const RISING_MS = 60_000
/** Counters of one document. */
const MAX_COUNTERS = 2_000

type Seen = { readonly value: number; readonly roseAtMs: number | null }
export type SeenCounters = ReadonlyMap<string, Seen>

export class Counters {
  readonly seen = new Map<string, Seen>()
  /** When time alone makes a counter that rose one that does not rise. */
  untilMs = Number.POSITIVE_INFINITY

  /** `before`: of the previous document; null: nothing is compared. */
  constructor(
    private readonly before: SeenCounters | null,
    private readonly nowMs: number,
  ) {}

  isRising(key: string, value: number): boolean {
    if (this.before === null || this.seen.size === MAX_COUNTERS) return false
    const last = this.before.get(key)
    let roseAtMs: number | null = null
    if (last !== undefined && value > last.value) roseAtMs = this.nowMs
    else if (last !== undefined && value === last.value) roseAtMs = last.roseAtMs
    this.seen.set(key, { value, roseAtMs })
    if (roseAtMs === null || value <= 0) return false
    const untilMs = roseAtMs + RISING_MS
    if (this.nowMs >= untilMs || this.nowMs < roseAtMs) return false
    this.untilMs = Math.min(this.untilMs, untilMs)
    return true
  }
}
