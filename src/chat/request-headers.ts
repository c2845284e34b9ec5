// What a request's headers say beyond the question, each checked before it is echoed or sent on.
import type { IncomingHttpHeaders } from 'node:http'
import { randomId } from '../guards/random-id.js'

const CONNECTION_ID = /^[A-Za-z0-9._-]{1,64}$/
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
const OPAQUE_ID = /^[\x21-\x7e]{1,200}$/
const STREAM_ID = /^[A-Za-z0-9_-]{22}$/
const EVENT_ID = /^([A-Za-z0-9_-]{22})\.(\d{1,15})$/

function matching(header: string | readonly string[] | undefined, form: RegExp): string | null {
  return typeof header === 'string' && form.test(header) ? header : null
}

/** Echoed when it is 1–64 of `A-Za-z0-9._-`, else a fresh one. */
export function connectionIdOf(headers: IncomingHttpHeaders): string {
  return matching(headers['x-connection-id'], CONNECTION_ID) ?? randomId(12, 'hex')
}

/** What goes on to the upstream as it came. */
export function passedOn(headers: IncomingHttpHeaders) {
  return {
    traceparent: matching(headers.traceparent, TRACEPARENT),
    sessionId: matching(headers['x-session-id'], OPAQUE_ID),
    continuityId: matching(headers['x-continuity-id'], OPAQUE_ID),
  }
}

export function isStreamId(text: string): boolean {
  return STREAM_ID.test(text)
}

export type EventId = { readonly streamId: string; readonly sequence: number }

/** An id of ours: `<streamId>.<sequence>`; null for anything else. */
export function eventIdOf(text: string | readonly string[] | undefined): EventId | null {
  const match = typeof text === 'string' ? EVENT_ID.exec(text) : null
  return match?.[1] === undefined ? null : { streamId: match[1], sequence: Number(match[2]) }
}
