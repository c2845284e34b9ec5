// The protocol's words for places in a stream: https://github.com/durable-streams/durable-streams, PROTOCOL.md. An offset is the
// number of the next event, of a fixed width so that offsets sort as texts.

const WIDTH = 16
const OFFSET = /^\d{16}$/

/** Where to read from: an event's number, or the end as it is now. */
export type Place = number | 'now'

export function offsetOf(next: number): string {
  return String(next).padStart(WIDTH, '0')
}

/** Null: not an offset of this server. `-1` is the beginning. */
export function placeOf(offset: string): Place | null {
  if (offset === '-1') return 0
  if (offset === 'now') return 'now'
  return OFFSET.test(offset) ? Number(offset) : null
}

const INTERVAL_MS = 20_000
/** 2024-10-09, the protocol's epoch. */
const EPOCH_MS = Date.UTC(2024, 9, 9)
const MAX_JITTER_SEC = 3_600

/**
 * The cursor of a live answer: the number of the interval, greater than the one that the client has. It keeps a cache from giving
 * the same empty answer for ever. `chance`: 0 up to 1.
 */
export function cursorAt(wallMs: number, given: string | null, chance: number): string {
  const now = Math.floor((wallMs - EPOCH_MS) / INTERVAL_MS)
  const had = given !== null && /^\d{1,15}$/.test(given) ? Number(given) : Number.NEGATIVE_INFINITY
  if (had < now) return String(now)
  const jitterMs = (1 + Math.floor(chance * MAX_JITTER_SEC)) * 1000
  return String(had + Math.max(1, Math.floor(jitterMs / INTERVAL_MS)))
}
