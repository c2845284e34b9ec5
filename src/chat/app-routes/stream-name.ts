// The id that a caller gives its stream: the chat's id, in the body, the query or a header of the request.
import type { IncomingHttpHeaders } from 'node:http'

const LONGEST_NAME = 200
/** No control characters, no surrogate halves: it comes back in a path. */
const NAME = /^[^\p{C}]+$/u

/** Null: not an id. */
export function streamName(value: unknown): string | null {
  const text = Number.isSafeInteger(value) ? String(value) : value
  return typeof text === 'string' && text.length <= LONGEST_NAME && NAME.test(text) ? text : null
}

function member(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  return isObject ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

/** Undefined where it is no JSON. O(length): parsed once, and only for a `body` path. */
function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

export type NamedRequest = {
  readonly headers: IncomingHttpHeaders
  readonly query: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** `place`: `body.a.b`, `query.NAME` or `header:NAME`. Null where it holds no id. */
export function nameIn(place: string, { headers, query, body }: NamedRequest): string | null {
  if (place.startsWith('header:')) return streamName(headers[place.slice('header:'.length).toLowerCase()])
  const [where, ...path] = place.split('.')
  if (where === 'query') return streamName(query[path.join('.')])
  return streamName(path.reduce(member, parsed(body)))
}
