// The whole answer of a stream, for the sibling without streaming: waits for the end of its log and reads it.
import type { ServerResponse } from 'node:http'
import { createSseParser } from '../sse/parse.js'
import type { JsonObject } from './events.js'
import type { ChatLog } from './log/chat-log.js'

const ABOUT_READ_BYTES = 64 * 1024

export type WholeAnswer = {
  readonly text: string
  readonly model: string | null
  readonly sources: unknown
  readonly usage: unknown
  /** The terminal event. */
  readonly end: { readonly type: string; readonly data: JsonObject }
}

/** False: whoever waited for it is gone. */
export function untilEnded(log: ChatLog, waiting: ServerResponse): Promise<boolean> {
  if (waiting.destroyed) return Promise.resolve(false)
  if (log.ended) return Promise.resolve(true)
  return new Promise(resolve => {
    const settle = (isThere: boolean): void => {
      unfollow()
      waiting.off('close', onClose)
      resolve(isThere)
    }
    const onClose = (): void => settle(false)
    const unfollow = log.follow(() => {
      if (log.ended) settle(true)
    })
    waiting.once('close', onClose)
  })
}

type Logged = { readonly type: string; readonly data: unknown }

async function events(log: ChatLog): Promise<readonly Logged[]> {
  const all: Logged[] = []
  // The log's own bytes: their form is ours.
  const parser = createSseParser({ onEvent: ({ data }) => all.push(JSON.parse(data) as Logged) })
  for (let at = 0; at < log.tail; ) {
    const { bytes, next } = await log.readFrom(at, 'raw', ABOUT_READ_BYTES)
    parser.push(bytes)
    at = next
  }
  return all
}

function modelIn(data: unknown): string | null {
  const { model_used: used, model } = data as { readonly model_used?: unknown; readonly model?: unknown }
  if (typeof used === 'string') return used
  return typeof model === 'string' ? model : null
}

/** The log must have ended. */
export async function wholeAnswer(log: ChatLog): Promise<WholeAnswer> {
  let text = ''
  let model: string | null = null
  let sources: unknown
  let usage: unknown
  let end: WholeAnswer['end'] = { type: 'error', data: {} }
  for (const { type, data } of await events(log)) {
    if (type === 'token') text += String(data)
    else if (type === 'sources') sources = data
    else if (type === 'usage') usage = data
    else if (type === 'metadata') model = modelIn(data) ?? model
    else end = { type, data: data as JsonObject }
  }
  return { text, model, sources, usage, end }
}
