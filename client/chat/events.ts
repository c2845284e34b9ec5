// The events of a stream as the client gives them on. Their types come from the protocol's schemas; only types, so that the
// bundle has no schema library.
import type { ChatData, Connected } from '../../src/protocol/chat-events.js'

export type { AnswerMetrics, ChatSource, Connected } from '../../src/protocol/chat-events.js'

export type Usage = Pick<ChatData['usage'], 'inputTokens' | 'outputTokens' | 'estimated'>

type Data = Omit<ChatData, 'heartbeat' | 'usage'> & { readonly usage: Usage }

/** One event of a stream; each comes once, in the order of `sequence`. */
export type ChatEvent = {
  readonly [T in keyof Data]: {
    readonly type: T
    readonly data: Data[T]
    /** From 0, without gaps; -1 when the server sent none: on a resumed connection. */
    readonly sequence: number
    /** Epoch milliseconds. */
    readonly timestamp: number
  }
}[keyof Data]

const TYPES: ReadonlySet<string> = new Set([
  'metadata',
  'token',
  'reasoning',
  'refusal',
  'sources',
  'usage',
  'done',
  'error',
  'aborted',
])

/** Reads both spellings; the original's is `input_tokens`, `output_tokens`. */
export function usageIn(data: unknown): Usage {
  const given = (data ?? {}) as Readonly<Record<string, unknown>>
  const inputTokens = given.inputTokens ?? given.input_tokens
  const outputTokens = given.outputTokens ?? given.output_tokens
  return {
    ...(typeof inputTokens === 'number' ? { inputTokens } : {}),
    ...(typeof outputTokens === 'number' ? { outputTokens } : {}),
    estimated: given.estimated === true,
  }
}

/** Of a later protocol version: its number counts, the rest is ignored. */
export type UnknownEvent = { readonly type: 'unknown'; readonly sequence: number }

/** Null: no event. */
export function parseEvent(text: string): ChatEvent | UnknownEvent | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const event = (value ?? {}) as { readonly [member in 'type' | 'data' | 'sequence']?: unknown }
  if (typeof event.type !== 'string') return null
  if (!TYPES.has(event.type)) {
    return typeof event.sequence === 'number' ? { type: 'unknown', sequence: event.sequence } : null
  }
  const usage = event.type === 'usage' ? { data: usageIn(event.data) } : {}
  // The border: an event of a known type is trusted to match its schema.
  return { sequence: -1, ...(event as object), ...usage } as ChatEvent
}

export function isConnected(data: Readonly<Record<string, unknown>>): data is Connected {
  return data.status === 'connected'
}
