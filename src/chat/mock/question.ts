// The question in a request of any wire, and the script in it. Pure.
import type { MockScript } from './script.js'

const PREFIX = 'mock:'

/** The text of a content: a text, or parts of which some are texts. */
function textOf(content: unknown): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : ''
  return content.map(part => (Object(part) as { readonly text?: unknown }).text ?? '').join('')
}

type Asked = Readonly<Record<string, unknown>>

export function questionOf(body: Asked | null, params: URLSearchParams): string {
  if (body === null) return params.get('query') ?? ''
  const { messages, input, prompt, query } = body
  const turns = Array.isArray(messages) ? messages : input
  if (!Array.isArray(turns)) return textOf(turns ?? prompt ?? query)
  const last = Object(turns.at(-1)) as { readonly content?: unknown; readonly parts?: unknown }
  return textOf(last.content ?? last.parts ?? turns.at(-1))
}

/** A question that begins with `mock:` has its own script as JSON after it. */
export function ownScript(query: string): Partial<MockScript> {
  if (!query.startsWith(PREFIX)) return {}
  try {
    return JSON.parse(query.slice(PREFIX.length)) as Partial<MockScript>
  } catch {
    return {} // an ordinary question
  }
}
