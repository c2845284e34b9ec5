// Text in the forms that APIs give it: a string, a list of parts, an object around one of these.
import { NOTHING, type Remark } from '../remark.js'
import { record } from '../values.js'

type Voice = 'token' | 'reasoning' | 'refusal'

/** Parts of the answer that are no text and leave no gap in it. */
const WITHOUT_TEXT =
  /^(reference|citation|annotation|signature|redacted_thinking|encrypted|tool|function|server_tool|mcp|web_search|step)/
const UNREADABLE: readonly Remark[] = [{ type: 'unreadable' }]
/** Lists within lists: no API goes deeper. */
const MAX_DEPTH = 4

/** Null and the empty text say nothing; a form that cannot be read is `unreadable`. */
export function contentOf(value: unknown, voice: Voice = 'token', depth = 0): readonly Remark[] {
  if (typeof value === 'string') return value === '' ? NOTHING : [{ type: voice, data: value }]
  if (value === null || value === undefined) return NOTHING
  if (typeof value === 'number') return [{ type: voice, data: String(value) }]
  if (depth === MAX_DEPTH) return UNREADABLE
  if (Array.isArray(value)) return value.flatMap(each => contentOf(each, voice, depth + 1))
  const part = record(value)
  if (part === null) return UNREADABLE
  const type = typeof part.type === 'string' ? part.type.toLowerCase() : ''
  if (WITHOUT_TEXT.test(type)) {
    return type.startsWith('tool') || type.startsWith('function') ? [{ type: 'tool' }] : NOTHING
  }
  const of = (inner: unknown, as: Voice): readonly Remark[] => contentOf(inner, as, depth + 1)
  if (part.thinking !== undefined) return of(part.thinking, 'reasoning')
  if (part.refusal !== undefined) return of(part.refusal, 'refusal')
  const as = /thinking|reasoning|thought/.test(type) || part.thought === true ? 'reasoning' : voice
  const inner = part.text ?? part.content ?? part.value
  return inner === undefined || inner === null ? UNREADABLE : of(inner, as)
}
