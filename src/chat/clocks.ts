// The time limits of a generation, as a pure decision: what is due now, and when to check again. The generation keeps one timer
// and moves it lazily, so that a token costs no timer.

export type GenerationLimits = {
  readonly firstTokenTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxDurationMs: number
}

/** Monotonic milliseconds. */
export type GenerationTimes = {
  readonly startedAtMs: number
  /** Null: no token yet. */
  readonly firstTokenAtMs: number | null
  /** When the upstream last sent a part of the answer, or when we last stopped holding it back. */
  readonly lastHeardAtMs: number
  /** We hold the upstream back for slow readers, so it is not idle. */
  readonly isHeldBack: boolean
}

export type GenerationDue =
  | { readonly due: 'first_token_timeout' | 'idle_timeout' | 'expired' }
  | { readonly due: null; readonly lookAgainAtMs: number }

export function generationDue(
  times: GenerationTimes,
  limits: GenerationLimits,
  nowMs: number,
): GenerationDue {
  const expiresAtMs = times.startedAtMs + limits.maxDurationMs
  if (nowMs >= expiresAtMs) return { due: 'expired' }
  if (times.isHeldBack) return { due: null, lookAgainAtMs: expiresAtMs }
  const isBefore = times.firstTokenAtMs === null
  const quietUntilMs = isBefore
    ? times.startedAtMs + limits.firstTokenTimeoutMs
    : times.lastHeardAtMs + limits.idleTimeoutMs
  if (nowMs >= quietUntilMs) return { due: isBefore ? 'first_token_timeout' : 'idle_timeout' }
  return { due: null, lookAgainAtMs: Math.min(expiresAtMs, quietUntilMs) }
}
