// How the connection stands, in the page's words.
import type { ConnectionState } from '../../client/index.js'

export type ConnectionWord = 'connecting' | 'live' | 'reconnecting' | 'stale' | 'signed-out'

export type ConnectionView = {
  readonly state: ConnectionWord
  /** When the next attempt is made, epoch ms; null: one is under way, or none is needed. */
  readonly retryAtMs: number | null
  /** Why it is not live, as the client said it. */
  readonly problem: string | null
}

export type ConnectionFacts = {
  readonly state: ConnectionState
  readonly retryAtMs: number | null
  /** The server wants a token, or another one. */
  readonly refused: boolean
  readonly problem: string | null
}

/**
 * `reconnecting`: lost, and tried again at a known time. `stale`: lost, and an attempt is under way (or hangs).
 * `connecting`: there was nothing yet.
 */
export function viewOf(
  { state, retryAtMs, refused, problem }: ConnectionFacts,
  nowMs: number,
): ConnectionView {
  if (refused) return { state: 'signed-out', retryAtMs: null, problem }
  if (state === 'live') return { state, retryAtMs: null, problem: null }
  if (retryAtMs !== null && retryAtMs > nowMs) return { state: 'reconnecting', retryAtMs, problem }
  if (state === 'connecting') return { state, retryAtMs: null, problem }
  return { state: 'stale', retryAtMs: null, problem }
}
