// Shedding: what to do when the event loop cannot keep up. Pure: samples of the lag come in, decisions go out.

/** Refuse new streams after the loop has lagged this long without a break. */
const REFUSE_AFTER_MS = 5_000
/** End a part of the streams each time the loop has lagged this long. */
const SHED_EVERY_MS = 15_000

export type LagState = {
  /** Since when the lag has been over the limit without a break; null: it is not. */
  readonly sinceMs: number | null
  /** How often streams were to be shed since then. */
  readonly shedCount: number
  readonly refusing: boolean
}

export const NO_LAG: LagState = { sinceMs: null, shedCount: 0, refusing: false }

/**
 * `lagMs` is the worst lag since the last sample, which was `sampleMs` ago; `limitMs` 0 = never shed.
 * `shed`: end a part of the streams now.
 */
export function stepLag(
  state: LagState,
  lagMs: number,
  limitMs: number,
  nowMs: number,
  sampleMs: number,
): { readonly state: LagState; readonly shed: boolean } {
  if (limitMs === 0 || lagMs <= limitMs) return { state: NO_LAG, shed: false }
  const sinceMs = state.sinceMs ?? nowMs - sampleMs
  const lastedMs = nowMs - sinceMs
  const shedCount = Math.floor(lastedMs / SHED_EVERY_MS)
  const next = { sinceMs, shedCount, refusing: lastedMs >= REFUSE_AFTER_MS }
  return { state: next, shed: shedCount > state.shedCount }
}
