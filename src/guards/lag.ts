// Shedding: what to do about an event loop that cannot keep up. Pure: samples of the lag come in, decisions go out.

/** New streams are refused after the loop has lagged this long without a break. */
const REFUSE_AFTER_MS = 5_000
/** A part of the readers is sent away after this long, and again each time it has passed once more. */
const SEND_AWAY_EVERY_MS = 15_000

export type LagState = {
  /** Since when the lag has been over the limit without a break; null = it is not. */
  readonly sinceMs: number | null
  /** How often it was time to send readers away in this spell. */
  readonly sentAway: number
  readonly refusing: boolean
}

export const NO_LAG: LagState = { sinceMs: null, sentAway: 0, refusing: false }

/**
 * `lagMs` is the worst lag since the last sample, which was `sampleMs` ago; `limitMs` 0 = never shed.
 * `sendAway`: now is the time to send readers away.
 */
export function stepLag(
  state: LagState,
  lagMs: number,
  limitMs: number,
  nowMs: number,
  sampleMs: number,
): { readonly state: LagState; readonly sendAway: boolean } {
  if (limitMs === 0 || lagMs <= limitMs) return { state: NO_LAG, sendAway: false }
  const sinceMs = state.sinceMs ?? nowMs - sampleMs
  const lastedMs = nowMs - sinceMs
  const sentAway = Math.floor(lastedMs / SEND_AWAY_EVERY_MS)
  const next = { sinceMs, sentAway, refusing: lastedMs >= REFUSE_AFTER_MS }
  return { state: next, sendAway: sentAway > state.sentAway }
}
