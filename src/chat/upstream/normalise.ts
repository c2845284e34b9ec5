// Turns the frames of all dialects into the same events.
//
//   A untyped   {text} · {sources} · {done:true} · {error, done:true} · {type:"continuity_check"}
//   B typed     {type, data}
//   C richer    as B, several metadata frames, `[METADATA]{json}` inside token text
//   D OpenAI    choices[0].delta.content, finish_reason, a usage chunk, [DONE], {"error":{…}}
//
// A, B and C are recognised frame by frame. Any other frame is unknown: counted and ignored.
import type { SseMessage } from '../../sse/parse.js'
import type { JsonObject, UpstreamEvent } from '../events.js'
import { splitMetadata } from './metadata-marker.js'
import { parsedObject, record, sourcesOf, tokenCounts, word } from './values.js'

export type Dialect = 'rag' | 'openai'

export interface Normaliser {
  /** Null: a frame of no dialect. Empty: known, without events. */
  frame(message: SseMessage): readonly UpstreamEvent[] | null
  /** The body has ended without a terminal frame. Empty: it was cut. */
  end(): readonly UpstreamEvent[]
}

const NOTHING: readonly UpstreamEvent[] = []
const FAILED: UpstreamEvent = { type: 'error' }
/** Frames that only show that the upstream is alive. */
const SIGNS_OF_LIFE = new Set(['ping', 'heartbeat', 'continuity_check'])

export function createNormaliser(dialect: Dialect): Normaliser {
  return dialect === 'openai' ? openAi() : rag()
}

function usageIn(value: unknown): readonly UpstreamEvent[] {
  const counts = tokenCounts(value)
  return counts === null ? NOTHING : [{ type: 'usage', data: counts }]
}

function rag(): Normaliser {
  let held = ''

  function text(value: string): readonly UpstreamEvent[] {
    // Nearly every token: nothing is held back, and nothing could be a marker.
    if (held === '' && value !== '' && !value.includes('[')) return [{ type: 'token', data: value }]
    const split = splitMetadata(held, value)
    held = split.held
    return split.parts.map(part =>
      typeof part === 'string' ? { type: 'token', data: part } : { type: 'metadata', data: part },
    )
  }
  /** What was held back is text when no marker follows. */
  function released(): readonly UpstreamEvent[] {
    const data = held
    held = ''
    return data === '' ? NOTHING : [{ type: 'token', data }]
  }
  function done(data: JsonObject | null): readonly UpstreamEvent[] {
    const reason = word(data?.reason) ?? word(data?.finish_reason) ?? 'complete'
    return [
      ...released(),
      ...usageIn(data?.usage),
      { type: 'done', reason: reason === 'stop' ? 'complete' : reason },
    ]
  }

  function typed(type: string, data: unknown): readonly UpstreamEvent[] | null {
    const object = record(data)
    switch (type) {
      case 'token': {
        const value = object?.text ?? object?.content ?? data
        return typeof value === 'string' ? text(value) : null
      }
      case 'metadata':
        return object === null ? null : [{ type: 'metadata', data: object }]
      case 'sources':
        return Array.isArray(data) ? [{ type: 'sources', data: sourcesOf(data) }] : null
      case 'usage':
        return tokenCounts(data) === null ? null : usageIn(data)
      case 'done':
        return done(object)
      case 'error':
        return [...released(), FAILED]
      default:
        return SIGNS_OF_LIFE.has(type) ? NOTHING : null
    }
  }

  function untyped(frame: JsonObject): readonly UpstreamEvent[] | null {
    if (frame.error !== undefined && frame.error !== null) return [...released(), FAILED]
    const events: UpstreamEvent[] = []
    let isKnown = false
    if (typeof frame.text === 'string') {
      isKnown = true
      events.push(...text(frame.text))
    }
    if (Array.isArray(frame.sources)) {
      isKnown = true
      events.push({ type: 'sources', data: sourcesOf(frame.sources) })
    }
    if (frame.done === true) return [...events, ...done(frame)]
    return isKnown ? events : null
  }

  return {
    frame: ({ data, event }) => {
      if (data === '[DONE]') return done(null)
      const frame = parsedObject(data)
      if (frame === null) return null
      if (typeof frame.type === 'string') return typed(frame.type, frame.data ?? null)
      return untyped(frame) ?? (event === 'message' ? null : typed(event, frame))
    },
    end: () => NOTHING,
  }
}

function openAi(): Normaliser {
  let reason: string | null = null
  let model: string | null = null
  const done = (): readonly UpstreamEvent[] => [
    { type: 'done', reason: reason === null || reason === 'stop' ? 'complete' : reason },
  ]
  return {
    frame: ({ data }) => {
      if (data === '[DONE]') return done()
      const frame = parsedObject(data)
      if (frame === null) return null
      if (frame.error !== undefined && frame.error !== null) return [FAILED]
      if (!Array.isArray(frame.choices)) return null
      const events: UpstreamEvent[] = []
      if (model === null && typeof frame.model === 'string') {
        model = frame.model
        events.push({ type: 'metadata', data: { model } })
      }
      const choice = record(frame.choices[0])
      const content = record(choice?.delta)?.content
      if (typeof content === 'string' && content !== '') events.push({ type: 'token', data: content })
      reason = word(choice?.finish_reason) ?? reason
      events.push(...usageIn(frame.usage))
      return events
    },
    // A finish reason without [DONE]: the answer is complete.
    end: () => (reason === null ? NOTHING : done()),
  }
}
