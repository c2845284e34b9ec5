// Events of a chat stream as text/event-stream.
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
