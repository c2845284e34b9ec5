// Guard 9: which web origins may read answers. The browser refuses, when the header is missing. So the headers are on every answer,
// also on refusals (a page must be able to read why), and the preflight needs no token, because browsers send none with it.
// Credentials (cookies) are never allowed: we do not use them.

const ALLOWED_HEADERS = [
  'X-API-Token',
  'Authorization',
  'Last-Event-ID',
  'Content-Type',
  'Idempotency-Key',
  'X-Connection-ID',
  'X-Request-ID',
  'X-Session-ID',
  'X-Continuity-ID',
  'X-User-ID',
  'traceparent',
  'tracestate',
]
/** On the routes of other APIs alone: elsewhere a key of another service has no place in a page. `If-None-Match`: Durable Streams. */
const ALLOWED_ON_API = ['X-API-Key', 'If-None-Match']
const API_PATH = /^\/v1\//
/** The clients of other APIs send many headers of these kinds, and new ones with each version. */
const ALLOWED_KINDS = /^(?:anthropic|openai|x-stainless)-[a-z0-9-]{1,60}$/i
/** Of those, in one preflight. */
const MOST_OF_KINDS = 40
const EXPOSED_HEADERS = [
  'X-Request-ID',
  'X-Connection-ID',
  'X-Stream-ID',
  'X-Stream-End',
  'X-Upstream-Request-ID',
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
]
/** On the routes of other APIs alone: the clients of Durable Streams read them. */
const EXPOSED_ON_API = ['Stream-Next-Offset', 'Stream-Up-To-Date', 'Stream-Closed', 'Stream-Cursor', 'ETag']
const PREFLIGHT_MAX_AGE_SEC = 600

function withName(names: readonly string[], extra: string): string {
  const known = names.some(name => name.toLowerCase() === extra.toLowerCase())
  return (known ? names : [...names, extra]).join(', ')
}

/** The origin for the answer; null when it is not allowed, or the request has none. */
export function allowedOrigin(origin: string | undefined, allowed: readonly string[]): string | null {
  if (origin === undefined) return null
  if (allowed.includes('*')) return '*'
  return allowed.includes(origin) ? origin : null
}

/** CORS headers of an ordinary answer; empty when the origin is not allowed. `path`: that of the request, a query may follow. */
export function corsHeaders(
  origin: string | undefined,
  allowed: readonly string[],
  requestIdHeader: string,
  path = '/',
): Readonly<Record<string, string>> {
  const name = allowedOrigin(origin, allowed)
  if (name === null) return {}
  const ofApi = API_PATH.test(path) ? EXPOSED_ON_API : []
  return {
    'Access-Control-Allow-Origin': name,
    'Access-Control-Expose-Headers': withName([...EXPOSED_HEADERS, ...ofApi], requestIdHeader),
  }
}

/** What a preflight asks for: `headers` are its Access-Control-Request-Headers. */
export type Preflight = { readonly path: string; readonly headers: string }

/** Further headers of a preflight's answer; empty when the origin is not allowed. */
export function preflightHeaders(
  origin: string | undefined,
  allowed: readonly string[],
  methods: readonly string[],
  requestIdHeader: string,
  { path, headers }: Preflight = { path: '/', headers: '' },
): Readonly<Record<string, string>> {
  if (allowedOrigin(origin, allowed) === null) return {}
  const ofKinds = headers
    .split(',')
    .map(name => name.trim())
    .filter(name => ALLOWED_KINDS.test(name))
    .slice(0, MOST_OF_KINDS)
  const ofApi = API_PATH.test(path) ? ALLOWED_ON_API : []
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': withName([...ALLOWED_HEADERS, ...ofApi, ...ofKinds], requestIdHeader),
    'Access-Control-Max-Age': String(PREFLIGHT_MAX_AGE_SEC),
  }
}
