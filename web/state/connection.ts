// The state of the connection in the page's words.
import type { ConnectionState } from '../../client/index.js'

export type ConnectionWord = 'connecting' | 'live' | 'silent' | 'reconnecting' | 'stale' | 'signed-out'

export type ConnectionView = {
  readonly state: ConnectionWord
  /** When the next attempt starts, epoch ms; null when one is under way or none is needed. */
  readonly retryAtMs: number | null
  /** Why it is not live, in a sentence or two. */
  readonly problem: string | null
}

export type ConnectionFacts = {
  readonly state: ConnectionState
  /** The server shows no sign of life. */
  readonly silent: boolean
  readonly retryAtMs: number | null
  /** The server refused the token, or requires one. */
  readonly refused: boolean
  readonly problem: string | null
}

/**
 * `reconnecting`: lost, with a retry at a known time. `stale`: lost, with an attempt under way. `silent`: connected or connecting,
 * and nothing comes. `connecting`: no board yet.
 */
export function viewOf(
  { state, silent, retryAtMs, refused, problem }: ConnectionFacts,
  nowMs: number,
): ConnectionView {
  if (refused) return { state: 'signed-out', retryAtMs: null, problem }
  if (state === 'live') return { state, retryAtMs: null, problem: null }
  if (retryAtMs !== null && retryAtMs > nowMs) return { state: 'reconnecting', retryAtMs, problem }
  if (silent) return { state: 'silent', retryAtMs: null, problem }
  if (state === 'connecting') return { state, retryAtMs: null, problem }
  return { state: 'stale', retryAtMs: null, problem }
}
