// Kinds that name places in a network: hosts, addresses and ranges, origins, URLs.
import { BlockList, isIP } from 'node:net'
import { type About, bad, declare, good, type Parsed, type Setting } from '../setting.js'
import { unixPathFault, unixPathOf } from '../unix-path.js'
import { itemsOf, LIST_SCHEMA } from './words.js'

const HOST_NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i

/** An address to listen on: IPv4, IPv6 (brackets are removed), a host name, or a unix socket. */
export function host(byDefault: string, about: About): Setting<string> {
  const parse = (raw: unknown): Parsed<string> => {
    if (typeof raw !== 'string') return bad()
    const path = unixPathOf(raw)
    if (path !== null) {
      const fault = unixPathFault(path)
      return fault === null ? good(raw) : bad(fault)
    }
    const bare = raw.replace(/^\[(.*)\]$/, '$1')
    // Only digits and dots: a mistyped address, not a name.
    const isName = HOST_NAME.test(bare) && bare.length <= 253 && !/^[\d.]+$/.test(bare)
    return isIP(bare) !== 0 || isName ? good(bare) : bad()
  }
  const allowed =
    'an IPv4 or IPv6 address, a host name, or unix: and the path of a socket, like unix:/run/g6/g6.sock'
  return declare(
    { kind: 'host', default: byDefault, allowed, schema: { type: 'string', minLength: 1 }, parse },
    about,
  )
}

function isAddressOrRange(item: string): boolean {
  // The peers of a unix socket, which have no address.
  if (item === 'unix') return true
  const [address = '', prefix, ...rest] = item.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0 || address.includes('%')) return false
  if (prefix === undefined) return true
  if (!/^\d{1,3}$/.test(prefix)) return false
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Addresses and ranges, IPv4 and IPv6, as `node:net` BlockList takes them, and `unix`. */
export function addresses(about: About): Setting<readonly string[]> {
  const parse = (raw: unknown): Parsed<readonly string[]> => {
    const items = itemsOf(raw)
    const wrong = items?.find(i => !isAddressOrRange(i))
    if (items === null) return bad()
    return wrong === undefined
      ? good(items)
      : bad(`${JSON.stringify(wrong)} is neither an address nor a range nor unix`)
  }
  const allowed =
    'addresses and CIDR ranges, comma separated, like 10.0.0.0/8, 192.168.1.7, fd00::/8; unix for peers of a unix socket'
  return declare({ kind: 'address list', default: [], allowed, schema: LIST_SCHEMA, parse }, about)
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/
/** Headers that frame a message, belong to one connection or have a meaning already: our value would break them. */
const TAKEN: ReadonlySet<string> = new Set([
  ...[
    'connection',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
    'expect',
  ],
  ...[
    'host',
    'via',
    'forwarded',
    'origin',
    'location',
    'range',
    'accept',
    'user-agent',
    'cookie',
    'set-cookie',
  ],
  ...['date', 'age', 'expires', 'pragma', 'cache-control', 'etag', 'vary', 'allow', 'retry-after', 'refresh'],
  ...['authorization', 'www-authenticate', 'x-api-token', 'x-api-key', 'idempotency-key', 'last-event-id'],
  ...['x-connection-id', 'x-stream-id', 'x-session-id', 'x-continuity-id', 'x-user-id', 'x-accel-buffering'],
  ...['x-content-type-options', 'x-frame-options', 'referrer-policy', 'last-modified', 'clear-site-data'],
  ...[
    'server',
    'link',
    'alt-svc',
    'strict-transport-security',
    'referer',
    'from',
    'max-forwards',
    'x-real-ip',
  ],
])
const TAKEN_BEGINNINGS = [
  ...['content-', 'proxy-', 'sec-', 'access-control-', 'accept-', 'x-forwarded-', 'if-'],
  ...['ratelimit', 'x-ratelimit-', 'trailer'],
]

function isTaken(name: string): boolean {
  const lower = name.toLowerCase()
  return TAKEN.has(lower) || TAKEN_BEGINNINGS.some(each => lower.startsWith(each))
}

/** A header that carries our value in and out. */
export function headerName(byDefault: string, about: About): Setting<string> {
  const parse = (raw: unknown): Parsed<string> => {
    if (typeof raw !== 'string' || !HEADER_NAME.test(raw)) return bad()
    return isTaken(raw) ? bad('HTTP or this server uses it for something else') : good(raw)
  }
  const schema = { type: 'string', pattern: HEADER_NAME.source }
  const allowed = 'the name of an HTTP header that has no other use, like X-Request-ID'
  return declare({ kind: 'text', default: byDefault, allowed, schema, parse }, about)
}

const asUrl = (raw: string): URL | null => (URL.canParse(raw) ? new URL(raw) : null)

/** Web origins as browsers send them, or `*`. */
export function origins(about: About): Setting<readonly string[]> {
  const parse = (raw: unknown): Parsed<readonly string[]> => {
    const items = itemsOf(raw)
    if (items === null) return bad()
    const found = items.map(i => (i === '*' ? i : originOf(i)))
    const wrong = found.indexOf(null)
    if (wrong >= 0) return bad(`item ${wrong + 1} is not an origin`)
    return good(found.filter(o => o !== null))
  }
  const allowed = '* or origins, comma separated, like https://example.org, http://localhost:5173'
  return declare({ kind: 'origin list', default: [], allowed, schema: LIST_SCHEMA, parse }, about)
}

/** The serialised origin; null when the text is not exactly an origin. */
function originOf(item: string): string | null {
  const url = asUrl(item)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  const isBare = `${url.origin}/` === url.href
  return isBare ? url.origin : null
}

const WEB = ['http:', 'https:']

const isWebUrl = (raw: unknown): raw is string => {
  const url = typeof raw === 'string' ? asUrl(raw) : null
  return url !== null && url.hostname !== '' && WEB.includes(url.protocol)
}

/** One http or https URL; no default. */
export function url(about: About): Setting<string | null> {
  const parse = (raw: unknown): Parsed<string> => (isWebUrl(raw) ? good(raw) : bad())
  const allowed = 'a URL beginning with http:// or https://'
  const schema = { type: 'string', minLength: 1 }
  return declare<string | null>({ kind: 'url', default: null, allowed, schema, parse }, about)
}

/**
 * The address of a server as people reach it, also below a path: http or https, without credentials, query or fragment. The
 * value has no slash at its end.
 */
export function baseUrl(about: About): Setting<string | null> {
  const parse = (raw: unknown): Parsed<string> => {
    if (!isWebUrl(raw)) return bad()
    const { username, password, search, hash, origin, pathname } = new URL(raw)
    if (username !== '' || password !== '') return bad('it has a name or a password')
    if (search !== '' || hash !== '') return bad('it has a query or a fragment')
    let end = pathname.length
    while (pathname[end - 1] === '/') end--
    return good(`${origin}${pathname.slice(0, end)}`)
  }
  const allowed = 'a URL beginning with http:// or https://, like https://example.org/g6'
  const schema = { type: 'string', minLength: 1 }
  return declare<string | null>({ kind: 'url', default: null, allowed, schema, parse }, about)
}

/** Several http or https URLs, in order of preference. */
export function urls(about: About): Setting<readonly string[]> {
  const parse = (raw: unknown): Parsed<readonly string[]> => {
    const items = itemsOf(raw)
    if (items === null) return bad()
    const wrong = items.findIndex(i => !isWebUrl(i))
    return wrong < 0 ? good(items) : bad(`item ${wrong + 1} is not such a URL`)
  }
  const allowed = 'URLs beginning with http:// or https://, comma separated'
  return declare({ kind: 'url list', default: [], allowed, schema: LIST_SCHEMA, parse }, about)
}
