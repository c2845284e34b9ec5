// Events of a chat stream as text/event-stream.
import { CHAT_FAILURES } from '../protocol/chat-events.js'
import { encodeComment, encodeEvent, encodeRetry } from '../sse/encode.js'
import type { StreamFacts } from './log/chat-log.js'
import type { Numbered } from './stream-state.js'

/** Written into the log once for all readers. Built by hand, as it runs for every token: id and JSON have no line breaks. */
export function encodeNumbered(streamId: string, { type, data, sequence, timestamp }: Numbered): string {
  const json = `{"type":"${type}","data":${JSON.stringify(data)},"sequence":${sequence},"timestamp":${timestamp}}`
  return `id: ${streamId}.${sequence}\nevent: message\ndata: ${json}\n\n`
}

/** The first bytes of every connection: when to reconnect. */
export const RETRY = encodeRetry(1000)

export function encodeResumed(resumed: Omit<StreamFacts, 'owner'>, wallMs: number): string {
  const data = { status: 'connected', ...resumed, resumed: true }
  return encodeEvent({
    event: 'message',
    data: JSON.stringify({ type: 'metadata', data, timestamp: wallMs }),
  })
}

export function encodeHeartbeat(wallMs: number): string {
  const data = JSON.stringify({ type: 'heartbeat', data: { timestamp: wallMs }, timestamp: wallMs })
  return encodeEvent({ event: 'heartbeat', data })
}

export const PING = encodeComment('ping')

/**
 * The number in the id of `encodeLost`. It tells a reader that has that event apart from one that has as many events as are kept: the last
 * ones before a loss may be known to it alone.
 */
export const LAST_SEQUENCE = 999_999_999_999_999

/** The end, for a reader that has the events before `sequence`, of an answer whose server was lost, or shares no more of it. */
export function encodeLost(
  { streamId, connectionId }: Pick<StreamFacts, 'streamId' | 'connectionId'>,
  sequence: number,
  wallMs: number,
  code: 'node_lost' | 'too_large' = 'node_lost',
): string {
  const { message, retryable } = CHAT_FAILURES[code]
  const data = { code, message, retryable, connectionId }
  return encodeEvent({
    id: `${streamId}.${LAST_SEQUENCE}`,
    event: 'message',
    data: JSON.stringify({ type: 'error', data, sequence, timestamp: wallMs }),
  })
}
