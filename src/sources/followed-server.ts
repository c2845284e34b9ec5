// What following a server over HTTP needs: its credentials, its clock, the meaning of its failures.
import type { StreamError } from '../../client/event-stream.js'
import type { ReadingError } from '../snapshot/reading.js'

/** The longest time between two requests for a full status while nothing arrives. */
const LONGEST_PAUSE_MS = 600_000

/** The `Authorization` header of HTTP Basic (RFC 7617); null unless both settings are there. */
export function basicAuthorization(user: string | null, password: string | null): string | null {
  if (user === null || password === null) return null
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}

/** The error of a reading for a failure of the stream. */
export function readingErrorOf({ code, status }: Pick<StreamError, 'code' | 'status'>): ReadingError {
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 404) return 'missing'
  return code === 'timeout' ? 'timeout' : 'io'
}

/**
 * How far a server's clock is ahead of `steadyMs`, by the `Date` of its answer. `Date` is cut to the second, so a status never
 * looks older than it is. Without it, the server is assumed to have the wall clock.
 */
export function clockAheadMs(
  date: string | null,
  { wallMs, steadyMs }: { readonly wallMs: number; readonly steadyMs: number },
): number {
  const serverMs = Date.parse(date ?? '')
  return (Number.isNaN(serverMs) ? wallMs : serverMs) - steadyMs
}

/** The age at which to request a full status again after a request at `ageMs`: twice that, but at most ten minutes later. */
export function nextStaleAgeMs(ageMs: number): number {
  return ageMs + Math.min(ageMs, LONGEST_PAUSE_MS)
}
