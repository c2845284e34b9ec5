// Whether what is published comes back through the subscription. An idle subscriber notices nothing by itself: a half-open
// connection, or one to a server that is no longer the master, looks healthy for as long as nobody publishes. So each beat
// publishes its number, and a number that was acknowledged but not heard within `deafMs` means: both connections anew.
export type Probe = {
  /** The newest number heard. */
  readonly heard: number
  /** The oldest acknowledged number that was not heard, and when it was acknowledged; null: none. */
  readonly waiting: { readonly beat: number; readonly sinceMs: number } | null
}

export const NEW_PROBE: Probe = { heard: 0, waiting: null }

export function probeAcknowledged(probe: Probe, beat: number, nowMs: number): Probe {
  return beat <= probe.heard || probe.waiting !== null
    ? probe
    : { ...probe, waiting: { beat, sinceMs: nowMs } }
}

/** A later number counts for the earlier ones: a subscription that was made anew missed some. */
export function probeHeard(probe: Probe, beat: number): Probe {
  const heard = Math.max(probe.heard, beat)
  return { heard, waiting: probe.waiting !== null && probe.waiting.beat <= heard ? null : probe.waiting }
}

export function isDeaf({ waiting }: Probe, nowMs: number, deafMs: number): boolean {
  return waiting !== null && nowMs - waiting.sinceMs >= deafMs
}

/** After both connections were made anew. */
export function probeAgain(probe: Probe): Probe {
  return { ...probe, waiting: null }
}
