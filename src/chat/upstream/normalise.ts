// One normaliser for all dialects: a frame of an upstream's stream in, what it said out.
//
//   A untyped   {text} · {sources} · {done:true} · {error, done:true} · {type:"continuity_check"}
//   B typed     {type, data}
//   C richer    as B, several metadata frames, `[METADATA]{json}` inside token text
//   D OpenAI    choices[0].delta.content, finish_reason, a usage chunk, [DONE], {"error":{…}}
//
// A, B and C are told apart frame by frame. What is in none of them is `unknown`: counted and passed over.
import type { SseMessage } from '../../sse/parse.js'
import type { JsonObject, UpstreamEvent } from '../events.js'
import { splitMetadata } from './metadata-marker.js'
import { parsedObject, record, sourcesOf, tokenCounts, word } from './values.js'

export type Dialect = 'rag' | 'openai'

export interface Normaliser {
  /** Null: a frame of no dialect. Empty: known, and nothing to tell. */
  frame(message: SseMessage): readonly UpstreamEvent[] | null
  /** The body has ended without a terminal frame: what that means. Empty: it was cut. */
  end(): readonly UpstreamEvent[]
}

const NOTHING: readonly UpstreamEvent[] = []
const FAILED: UpstreamEvent = { type: 'error' }
/** Frames that say only that the upstream lives. */
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
    // Nearly every token: nothing held back, nothing that could be a marker.
    if (held === '' && value !== '' && !value.includes('[')) return [{ type: 'token', data: value }]
    const split = splitMetadata(held, value)
    held = split.held
    return split.parts.map(part =>
      typeof part === 'string' ? { type: 'token', data: part } : { type: 'metadata', data: part },
    )
  }
  /** A marker that never became one is text. */
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
    const said: UpstreamEvent[] = []
    let isKnown = false
    if (typeof frame.text === 'string') {
      isKnown = true
      said.push(...text(frame.text))
    }
    if (Array.isArray(frame.sources)) {
      isKnown = true
      said.push({ type: 'sources', data: sourcesOf(frame.sources) })
    }
    if (frame.done === true) return [...said, ...done(frame)]
    return isKnown ? said : null
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
      const said: UpstreamEvent[] = []
      if (model === null && typeof frame.model === 'string') {
        model = frame.model
        said.push({ type: 'metadata', data: { model } })
      }
      const choice = record(frame.choices[0])
      const content = record(choice?.delta)?.content
      if (typeof content === 'string' && content !== '') said.push({ type: 'token', data: content })
      reason = word(choice?.finish_reason) ?? reason
      said.push(...usageIn(frame.usage))
      return said
    },
    // A finish reason without [DONE]: the answer is whole.
    end: () => (reason === null ? NOTHING : done()),
  }
}
