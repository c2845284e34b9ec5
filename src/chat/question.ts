// What a caller asks, checked: the same members in a POST body and in a GET's query. Pure: a question, or what is wrong.
import type { Turn } from './upstream/request.js'

export const MAX_TURNS = 200
export const MAX_HISTORY_BYTES = 1024 * 1024

export type Asked = { readonly query: string; readonly history: readonly Turn[] }
export type Checked =
  | { readonly ok: true; readonly asked: Asked }
  | { readonly ok: false; readonly isQueryMissing: boolean; readonly detail: string }

function wrong(detail: string, isQueryMissing = false): Checked {
  return { ok: false, isQueryMissing, detail }
}

function isTurn(value: unknown): value is Turn {
  if (typeof value !== 'object' || value === null) return false
  const { role, content } = value as Partial<Record<'role' | 'content', unknown>>
  return (role === 'user' || role === 'assistant') && typeof content === 'string'
}

/** `history` as it came: undefined, null, an array, or (of a GET) JSON text. */
function historyOf(history: unknown): readonly Turn[] | string {
  if (history === undefined || history === null) return []
  if (!Array.isArray(history) || !history.every(isTurn)) {
    return 'conversation_history must be an array of {role: "user" or "assistant", content: text}'
  }
  if (history.length > MAX_TURNS) return `conversation_history may have ${MAX_TURNS} turns`
  const turns = history.map(({ role, content }) => ({ role, content }))
  if (Buffer.byteLength(JSON.stringify(turns)) > MAX_HISTORY_BYTES) {
    return `conversation_history may have ${MAX_HISTORY_BYTES} bytes`
  }
  return turns
}

/** A history in a URL is JSON text. */
function fromText(value: unknown): unknown {
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') return false
  try {
    return JSON.parse(value)
  } catch {
    return false // not JSON: refused as no array
  }
}

export type Given = Readonly<Record<string, unknown>>

export function checkQuestion(given: Given, place: 'body' | 'url', maxQueryBytes: number): Checked {
  const { query } = given
  const name = place === 'url' ? 'query parameter' : 'query'
  if (Array.isArray(query)) return wrong(`the ${name} must be given once`, true)
  if (typeof query !== 'string' || query.trim() === '') return wrong(`${name} is required`, true)
  if (Buffer.byteLength(query) > maxQueryBytes) return wrong(`the ${name} may have ${maxQueryBytes} bytes`)
  const raw = given.conversation_history
  const history = historyOf(place === 'url' ? fromText(raw) : raw)
  if (typeof history === 'string') return wrong(history)
  return { ok: true, asked: { query, history } }
}
