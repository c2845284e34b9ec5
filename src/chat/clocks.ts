// The time limits of a generation: two for an upstream that is silent, before its first word and after it; one for an upstream
// that is alive but sends no word (it thinks, calls tools, pings); one for the whole answer. As a pure decision: what is due now, and when to check again. The generation keeps one timer
// and moves it lazily, so that a token costs no timer.

export type GenerationLimits = {
  readonly firstTokenTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly noWordTimeoutMs: number
  readonly maxDurationMs: number
}

/** Monotonic milliseconds. */
export type GenerationTimes = {
  readonly startedAtMs: number
  /** When the upstream last sent a visible word; null: none yet. */
  readonly lastWordAtMs: number | null
  /** When the upstream last sent anything, or when we last stopped holding it back. */
  readonly lastHeardAtMs: number
  /** When we last stopped holding it back; 0: never held back. */
  readonly heldBackUntilMs: number
  /** We hold the upstream back for slow readers, so it is not idle. */
  readonly isHeldBack: boolean
}

export type GenerationDue =
  | { readonly due: 'first_token_timeout' | 'idle_timeout' | 'no_word_timeout' | 'expired' }
  | { readonly due: null; readonly lookAgainAtMs: number }

export function generationDue(
  times: GenerationTimes,
  limits: GenerationLimits,
  nowMs: number,
): GenerationDue {
  const { startedAtMs, lastWordAtMs, lastHeardAtMs, isHeldBack } = times
  const expiresAtMs = startedAtMs + limits.maxDurationMs
  if (nowMs >= expiresAtMs) return { due: 'expired' }
  if (isHeldBack) return { due: null, lookAgainAtMs: expiresAtMs }
  const isBefore = lastWordAtMs === null
  const silentAtMs = lastHeardAtMs + (isBefore ? limits.firstTokenTimeoutMs : limits.idleTimeoutMs)
  if (nowMs >= silentAtMs) return { due: isBefore ? 'first_token_timeout' : 'idle_timeout' }
  // Held back it could send no word.
  const wordlessAtMs = Math.max(lastWordAtMs ?? startedAtMs, times.heldBackUntilMs) + limits.noWordTimeoutMs
  if (nowMs >= wordlessAtMs) return { due: 'no_word_timeout' }
  return { due: null, lookAgainAtMs: Math.min(expiresAtMs, silentAtMs, wordlessAtMs) }
}
