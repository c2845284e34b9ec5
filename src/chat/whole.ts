// A whole answer as one JSON document: waits for the end of the log and reads it.
import type { ServerResponse } from 'node:http'
import type { Timers } from '../clock/timers.js'
import { HttpError } from '../contract/errors.js'
import { busyHeaders } from '../contract/refusal.js'
import { CHAT_FAILURES, type ChatFailureCode } from '../protocol/chat-events.js'
import { endKind } from '../protocol/end-reasons.js'
import { createSseParser } from '../sse/parse.js'
import type { JsonObject } from './events.js'
import type { ChatLog } from './log/chat-log.js'
import { failedBefore } from './refused.js'

const ABOUT_READ_BYTES = 64 * 1024

/** How the wait for the end of a log ended: with that, or before, because the client left or its time was over. */
export type WaitEnd = 'ended' | 'gone' | 'expired'

/** `forMs` null: without a limit. */
export function untilEnded(
  log: ChatLog,
  response: ServerResponse,
  timers: Timers,
  forMs: number | null,
): Promise<WaitEnd> {
  if (response.destroyed) return Promise.resolve('gone')
  if (log.end !== 'open') return Promise.resolve('ended')
  return new Promise(resolve => {
    const settle = (how: WaitEnd): void => {
      unfollow()
      cancelTimer?.()
      response.off('close', onClose)
      resolve(how)
    }
    const onClose = (): void => settle('gone')
    const cancelTimer = forMs === null ? null : timers.after(forMs, () => settle('expired'))
    const unfollow = log.follow(() => {
      if (log.end !== 'open') settle('ended')
    })
    response.once('close', onClose)
  })
}

type Logged = { readonly type: string; readonly data: unknown }

async function eventsIn(log: ChatLog): Promise<readonly Logged[]> {
  const events: Logged[] = []
  // The log holds what this server encoded, so the type is known.
  const parser = createSseParser({ onEvent: ({ data }) => events.push(JSON.parse(data) as Logged) })
  for (let at = 0; at < log.tail; ) {
    const { bytes, next } = await log.readFrom(at, 'raw', ABOUT_READ_BYTES)
    parser.push(bytes)
    at = next
  }
  return events
}

function modelIn(data: unknown): string | undefined {
  const { model_used: used, model } = data as JsonObject
  if (typeof used === 'string') return used
  return typeof model === 'string' ? model : undefined
}

/**
 * The log must have ended. Throws the HTTP error of an answer that failed or was aborted. `success` is sent for a complete answer
 * alone; `reason` says how any other one ended.
 */
export async function wholeAnswer(log: ChatLog): Promise<JsonObject> {
  const texts = { token: '', reasoning: '', refusal: '' }
  let model: string | undefined
  let sources: unknown
  let usage: unknown
  let end: Logged = { type: 'error', data: {} }
  for (const event of await eventsIn(log)) {
    const { type, data } = event
    if (type === 'token' || type === 'reasoning' || type === 'refusal') texts[type] += String(data)
    else if (type === 'sources') sources = data
    else if (type === 'usage') usage = data
    else if (type === 'metadata') model = modelIn(data) ?? model
    else end = event
  }
  if (end.type !== 'done') throw failureOf(end)
  const reason = String((end.data as JsonObject).reason)
  const kind = endKind(reason)
  const { token: response, reasoning, refusal } = texts
  return {
    success: kind === 'complete',
    reason,
    truncated: kind === 'length',
    response,
    ...(reasoning === '' ? {} : { reasoning }),
    ...(refusal === '' ? {} : { refusal }),
    ...(model === undefined ? {} : { model_used: model }),
    ...(sources === undefined ? {} : { sources }),
    ...(usage === undefined ? {} : { usage }),
  }
}

function isFailure(code: unknown): code is ChatFailureCode {
  return typeof code === 'string' && Object.hasOwn(CHAT_FAILURES, code)
}

function failureOf({ type, data }: Logged): HttpError {
  const { code, reason } = data as JsonObject
  if (type === 'error' && isFailure(code)) return failedBefore(code)
  if (reason === 'shutdown') return new HttpError('draining', undefined, busyHeaders())
  if (reason === 'expired') return failedBefore('idle_timeout')
  return new HttpError('upstream_failed', 'The answer was stopped.')
}
