// The drift-free schedule of the loop: ticks lie on a fixed grid, so a late cycle does not shift the next one, and ticks
// that could not be kept are counted, never queued.

export type NextTick = {
  /** When the next tick is due, on the same clock as the arguments. */
  readonly atMs: number
  /** Ticks of the grid that passed without a cycle. */
  readonly missed: number
}

/** The tick after the one that was due at `dueMs`, seen at `nowMs`. */
export function nextTick(dueMs: number, refreshMs: number, nowMs: number): NextTick {
  const passed = Math.max(0, Math.floor((nowMs - dueMs) / refreshMs))
  return { atMs: dueMs + (passed + 1) * refreshMs, missed: passed }
}
