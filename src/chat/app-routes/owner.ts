// Whose stream it is, on the route of an app: what the app itself tells callers apart by (a session cookie, a token), as a digest.
// A chat id alone is chosen by its caller and can be guessed.
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Of one `Cookie` header; its value as it came. Null: missing, empty, or sent twice: then it is open which one the app reads. */
function cookieOf(header: string | undefined, name: string): string | null {
  const values = (header ?? '').split(';').flatMap(pair => {
    const at = pair.indexOf('=')
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  const [value] = values
  return values.length === 1 && value !== undefined && value !== '' ? value : null
}

function sentBy(source: string, headers: IncomingHttpHeaders): string | null {
  const at = source.indexOf(':')
  const name = source.slice(at + 1)
  if (source.startsWith('cookie:')) return cookieOf(headers.cookie, name)
  const value = headers[name.toLowerCase()]
  return typeof value === 'string' && value !== '' ? value : null
}

/**
 * `sources`: `cookie:NAME` or `header:NAME`. Null where one of them is missing, or where there are none: such a stream belongs to
 * nobody. The values themselves are not kept.
 */
export function routeOwner(sources: readonly string[], headers: IncomingHttpHeaders): string | null {
  const values = sources.map(source => sentBy(source, headers))
  if (values.length === 0 || values.includes(null)) return null
  return `r:${createHash('sha256')
    .update(JSON.stringify([sources, values]))
    .digest('base64url')}`
}
