// What a request's headers say beyond the question, each checked before it is echoed or sent on.
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { randomId } from '../guards/random-id.js'
import { keyHeader } from './idempotency.js'

const connectionId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/)
/** W3C Trace Context, version 00. */
const traceparent = z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
const opaqueId = z.string().regex(/^[\x21-\x7e]{1,200}$/)
export const streamIdText = z.string().regex(/^[A-Za-z0-9_-]{22}$/)
const EVENT_ID = /^([A-Za-z0-9_-]{22})\.(\d{1,15})$/

/** Of every request to the relay. */
export const callerHeaders = {
  'x-api-key': z
    .string()
    .optional()
    .describe('One of API_KEYS_INTERNAL: no limit of one caller counts, those of the instance do.'),
  'x-connection-id': connectionId
    .optional()
    .describe('Echoed as X-Connection-ID; one of another form is replaced by a fresh one.'),
  'x-user-id': z.string().optional().describe('Ignored: a claim is no identity.'),
}

/** Of requests that may begin an answer. */
export const questionHeaders = {
  'idempotency-key': keyHeader
    .optional()
    .describe(
      'A repeated question with it joins the answer under way, or one that is kept; 409 with another question.',
    ),
  'x-session-id': opaqueId.optional().describe('Sent on to the backend; one of another form is left out.'),
  'x-continuity-id': opaqueId.optional().describe('Sent on to the backend; one of another form is left out.'),
  traceparent: traceparent.optional().describe('W3C Trace Context, sent on to the backend.'),
}

/** Of requests that may resume an answer. */
export const resumeHeaders = {
  'last-event-id': z
    .string()
    .regex(EVENT_ID)
    .optional()
    .describe('The id of the last event seen, STREAM.SEQUENCE: what follows it is sent.'),
}

function matching(header: string | readonly string[] | undefined, form: z.ZodString): string | null {
  return form.safeParse(header).data ?? null
}

/** Echoed when it is 1–64 of `A-Za-z0-9._-`, else a fresh one. */
export function connectionIdOf(headers: IncomingHttpHeaders): string {
  return matching(headers['x-connection-id'], connectionId) ?? randomId(12, 'hex')
}

/** What goes on to the upstream as it came. */
export function passedOn(headers: IncomingHttpHeaders) {
  return {
    traceparent: matching(headers.traceparent, traceparent),
    sessionId: matching(headers['x-session-id'], opaqueId),
    continuityId: matching(headers['x-continuity-id'], opaqueId),
  }
}

export function isStreamId(text: string): boolean {
  return streamIdText.safeParse(text).success
}

export type EventId = { readonly streamId: string; readonly sequence: number }

/** An id of ours: `<streamId>.<sequence>`; null for anything else. */
export function eventIdOf(text: string | readonly string[] | undefined): EventId | null {
  const match = typeof text === 'string' ? EVENT_ID.exec(text) : null
  return match?.[1] === undefined ? null : { streamId: match[1], sequence: Number(match[2]) }
}
