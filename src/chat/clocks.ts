// The clocks of a generation and of a reader, as pure decisions: what is due now, and when to look again. Whoever owns
// them keeps one timer and moves it lazily, so that a token costs no timer.

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
  /** When the upstream last said something of the answer; moved on by the time it was held back by us. */
  readonly lastHeardAtMs: number
  /** The upstream is held back for slow readers: it cannot be idle. */
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

export type ReaderLimits = {
  readonly heartbeatMs: number
  readonly pingMs: number
  readonly stallMs: number
}

export type ReaderTimes = {
  readonly lastHeartbeatAtMs: number
  /** When bytes of any kind were last handed to the connection. */
  readonly lastSentAtMs: number
  /** Since when the peer has taken nothing; null while it can be written to. */
  readonly blockedSinceMs: number | null
}

export type ReaderDue = {
  readonly send: 'heartbeat' | 'ping' | null
  readonly isStalled: boolean
  readonly lookAgainAtMs: number
}

/** A blocked reader is sent nothing; when it has taken nothing for too long it is stalled. */
export function readerDue(times: ReaderTimes, limits: ReaderLimits, nowMs: number): ReaderDue {
  if (times.blockedSinceMs !== null) {
    const stallsAtMs = times.blockedSinceMs + limits.stallMs
    return { send: null, isStalled: nowMs >= stallsAtMs, lookAgainAtMs: stallsAtMs }
  }
  const beatsAtMs = times.lastHeartbeatAtMs + limits.heartbeatMs
  const pingsAtMs = times.lastSentAtMs + limits.pingMs
  const isBeat = nowMs >= beatsAtMs
  const isPing = !isBeat && nowMs >= pingsAtMs
  const nextBeatMs = isBeat ? nowMs + limits.heartbeatMs : beatsAtMs
  const nextPingMs = isBeat || isPing ? nowMs + limits.pingMs : pingsAtMs
  return {
    send: isBeat ? 'heartbeat' : isPing ? 'ping' : null,
    isStalled: false,
    lookAgainAtMs: Math.min(nextBeatMs, nextPingMs),
  }
}
