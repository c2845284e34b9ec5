// The dialects of the original's backends, and plain ones like them:
//
//   A untyped   {text} · {sources} · {done:true} · {error, done:true} · {type:"continuity_check"}
//   B typed     {type, data}
//   C richer    as B, several metadata frames, `[METADATA]{json}` inside token text
import type { JsonObject } from '../../events.js'
import { FAILURE, NOTHING, type Remark } from '../remark.js'
import { record, sourcesOf, tokenCounts } from '../values.js'
import { contentOf } from './content.js'

/** Frames that only show that the upstream is alive. */
const SIGNS_OF_LIFE = new Set(['ping', 'heartbeat', 'keepalive', 'keep-alive', 'continuity_check'])

/** By its type, or by the name of its event. Null: no frame of this dialect. */
export function typed(type: string, frame: JsonObject, data: unknown): readonly Remark[] | null {
  const object = record(data)
  switch (type) {
    case 'token':
    case 'text':
    case 'chunk':
    case 'delta':
    case 'content':
      return marked(contentOf(data ?? frame.text ?? frame.content ?? frame.delta ?? frame.token))
    case 'reasoning':
    case 'thinking':
    case 'thought':
      return contentOf(data ?? frame.text ?? frame.content, 'reasoning')
    case 'refusal':
      return contentOf(data ?? frame.text ?? frame.content ?? frame.refusal, 'refusal')
    case 'metadata':
      return object === null ? null : [{ type: 'metadata', data: object }]
    case 'sources':
      return Array.isArray(data) ? [{ type: 'sources', data: sourcesOf(data) }] : null
    case 'usage':
      return tokenCounts(data) === null ? null : usageOf(data)
    case 'done':
    case 'end':
      return endOf(object ?? frame)
    case 'error':
      return FAILURE
    default:
      return SIGNS_OF_LIFE.has(type) ? NOTHING : null
  }
}

/** Null: no frame of this dialect. */
export function untyped(frame: JsonObject): readonly Remark[] | null {
  const remarks: Remark[] = []
  let isKnown = false
  const whole = frame.response ?? frame.answer
  const text = frame.text ?? (typeof whole === 'string' ? whole : undefined)
  if (text !== undefined) {
    isKnown = true
    remarks.push(...marked(contentOf(text)))
  }
  if (Array.isArray(frame.sources)) {
    isKnown = true
    remarks.push({ type: 'sources', data: sourcesOf(frame.sources) })
  }
  if (frame.done === true) return [...remarks, ...endOf(frame)]
  const reason = frame.finish_reason
  if (typeof reason === 'string') return [...remarks, { type: 'reason', word: reason }]
  return isKnown ? remarks : null
}

function marked(remarks: readonly Remark[]): readonly Remark[] {
  return remarks.map(each => (each.type === 'token' ? { type: 'marked_text', data: each.data } : each))
}

function usageOf(value: unknown): readonly Remark[] {
  const counts = tokenCounts(value)
  return counts === null ? NOTHING : [{ type: 'usage', data: counts }]
}

function endOf(data: JsonObject): readonly Remark[] {
  const given = data.reason ?? data.finish_reason ?? data.stop_reason
  return [...usageOf(data.usage), { type: 'end', word: typeof given === 'string' ? given : null }]
}
