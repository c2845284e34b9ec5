// The headers and query parameters of the relay's requests apart from the question. Each is checked before it is echoed or
// sent upstream.
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { randomId } from '../guards/ids.js'
import { keyHeader } from './idempotency.js'
import { traceContextOf } from './trace-context.js'

const connectionId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/)
const opaqueId = z.string().regex(/^[\x21-\x7e]{1,200}$/)
export const streamIdText = z.string().regex(/^[A-Za-z0-9_-]{22}$/)
const EVENT_ID = /^([A-Za-z0-9_-]{22})\.(\d{1,15})$/

export const onDisconnect = z.enum(['grace', 'cancel', 'finish'])
export const after = z.string().regex(/^(-1|\d{1,15})$/)

/** Of every request to the relay. */
export const callerHeaders = {
  'x-api-key': z
    .string()
    .optional()
    .describe('One of API_KEYS_INTERNAL: only the limits of the instance apply, not those of one caller.'),
  'x-connection-id': connectionId
    .optional()
    .describe('Echoed as X-Connection-ID; an invalid one is replaced by a fresh one.'),
  'x-user-id': z.string().optional().describe('Ignored: the identity comes from the token alone.'),
}

/** Of requests that may begin an answer. */
export const questionHeaders = {
  'idempotency-key': keyHeader
    .optional()
    .describe(
      'A repeated question with the same key joins the running or kept answer; with another question it is 409.',
    ),
  'x-session-id': opaqueId.optional().describe('Sent on to the backend; an invalid one is left out.'),
  'x-continuity-id': opaqueId.optional().describe('Sent on to the backend; an invalid one is left out.'),
  traceparent: z
    .string()
    .optional()
    .describe('W3C Trace Context, sent on to the backend and logged; an invalid one is left out.'),
  tracestate: z.string().optional().describe('Sent on with a valid traceparent; an invalid one is left out.'),
}

/** Of requests that may resume an answer. */
export const resumeHeaders = {
  'last-event-id': z
    .string()
    .regex(EVENT_ID)
    .optional()
    .describe('The id of the last event received, STREAM.SEQUENCE: the answer continues after it.'),
}

export const askQuery = {
  on_disconnect: onDisconnect
    .optional()
    .describe(
      'What to do with the answer when its last reader has left; `finish` needs G6_CHAT_ALLOW_FINISH. Default: G6_CHAT_ON_DISCONNECT.',
    ),
}

export const resumeQuery = {
  after: after
    .optional()
    .describe('The number of the last event received, -1 for none; overrides Last-Event-ID.'),
}

function matching(header: string | readonly string[] | undefined, form: z.ZodString): string | null {
  // Most callers send none of these headers, and the answer waits for this.
  if (header === undefined) return null
  return form.safeParse(header).data ?? null
}

export function connectionIdOf(headers: IncomingHttpHeaders): string {
  return matching(headers['x-connection-id'], connectionId) ?? randomId(12, 'hex')
}

/** What is sent upstream unchanged. */
export function passedOn(headers: IncomingHttpHeaders) {
  return {
    ...traceContextOf(headers),
    sessionId: matching(headers['x-session-id'], opaqueId),
    continuityId: matching(headers['x-continuity-id'], opaqueId),
  }
}

export function isStreamId(text: string): boolean {
  return streamIdText.safeParse(text).success
}

export type EventId = { readonly streamId: string; readonly sequence: number }

/** Null: not one of our ids. */
export function eventIdOf(text: string | readonly string[] | undefined): EventId | null {
  const match = typeof text === 'string' ? EVENT_ID.exec(text) : null
  return match?.[1] === undefined ? null : { streamId: match[1], sequence: Number(match[2]) }
}
