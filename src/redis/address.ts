// The forms of G6_REDIS_URL, parsed. WHATWG URLs know no list of hosts, so one pattern reads all forms:
// `redis://`, `rediss://`, `unix:/path`, `redis+sentinel://h1,h2/master`, `redis+cluster://h1,h2`.
export type RedisHost = { readonly host: string; readonly port: number }

type Login = { readonly username: string | null; readonly password: string | null }

export type RedisAddress = Login & {
  /** Number of the database; part of channel names, because PUB/SUB ignores databases. A cluster has only 0. */
  readonly db: number
} & (
    | { readonly kind: 'single'; readonly at: RedisHost; readonly tls: boolean }
    | { readonly kind: 'unix'; readonly path: string }
    | { readonly kind: 'sentinel'; readonly hosts: readonly RedisHost[]; readonly master: string }
    | { readonly kind: 'cluster'; readonly hosts: readonly RedisHost[] }
  )

export type ParsedAddress =
  | { readonly ok: true; readonly address: RedisAddress }
  /** What is wrong, without any part of the URL: it may hold a password. */
  | { readonly ok: false; readonly error: string }

export const ADDRESS_FORMS =
  'redis://host:6379/0, rediss://host:6379/0, unix:/run/redis.sock, redis+sentinel://h1,h2/master or redis+cluster://h1,h2'

const UNIX = /^unix:(?:\/\/(?:([^@/]*)@)?)?(\/[^?#]*)(?:\?db=(\d{1,5}))?$/
const HOSTS = /^(rediss?|redis\+sentinel|redis\+cluster):\/\/(?:([^@/]*)@)?([^@/?#]+)(\/[^?#]*)?$/
const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/
const MOST_HOSTS = 32

const wrong = (error: string): ParsedAddress => ({ ok: false, error })

export function parseRedisAddress(text: string): ParsedAddress {
  try {
    return parse(text.trim())
  } catch (error) {
    // decodeURIComponent throws nothing else.
    if (error instanceof URIError)
      return wrong('a % in the user or password is not followed by two hex digits')
    throw error
  }
}

function parse(text: string): ParsedAddress {
  const unix = UNIX.exec(text)
  if (unix !== null) {
    const [, login, path = '', db = '0'] = unix
    return {
      ok: true,
      address: { kind: 'unix', path: decodeURIComponent(path), db: Number(db), ...loginOf(login) },
    }
  }
  const parts = HOSTS.exec(text)
  if (parts === null) return wrong('not the address of a Redis')
  const [, scheme, login, list = '', path = ''] = parts
  const names = list.split(',')
  if (names.length > MOST_HOSTS) return wrong(`${names.length} hosts, at most ${MOST_HOSTS} are allowed`)
  const hosts: RedisHost[] = []
  for (const name of names) {
    const host = hostOf(name, scheme === 'redis+sentinel' ? 26_379 : 6379)
    if (host === null) return wrong('a host is not a name or an address with a port of 1 to 65535')
    hosts.push(host)
  }
  const [first, ...others] = hosts
  if (first === undefined) return wrong('no host')
  const steps = path.split('/').slice(1)
  if (steps.at(-1) === '') steps.pop()
  if (scheme === 'redis+sentinel') {
    const [master = '', db = '0', ...more] = steps
    if (master === '' || more.length > 0 || !isNumber(db))
      return wrong('the path must be the name of the master, and the number of a database if not 0')
    const name = decodeURIComponent(master)
    return {
      ok: true,
      address: { kind: 'sentinel', hosts, master: name, db: Number(db), ...loginOf(login) },
    }
  }
  if (scheme === 'redis+cluster') {
    if (steps.length > 0) return wrong('a cluster has one database: no path is allowed')
    return { ok: true, address: { kind: 'cluster', hosts, db: 0, ...loginOf(login) } }
  }
  const [db = '0', ...more] = steps
  if (more.length > 0 || !isNumber(db)) return wrong('the path must be the number of a database')
  if (others.length > 0) return wrong('several hosts need redis+sentinel:// or redis+cluster://')
  const tls = scheme === 'rediss'
  return { ok: true, address: { kind: 'single', at: first, tls, db: Number(db), ...loginOf(login) } }
}

const isNumber = (text: string): boolean => /^\d{1,5}$/.test(text)

function hostOf(text: string, usualPort: number): RedisHost | null {
  const [, host, port] = HOST.exec(text) ?? []
  const number = port === undefined ? usualPort : Number(port)
  if (host === undefined || number < 1 || number > 65_535) return null
  return { host: host.replace(/^\[|\]$/g, ''), port: number }
}

function loginOf(text: string | undefined): Login {
  if (text === undefined || text === '') return { username: null, password: null }
  const colon = text.indexOf(':')
  const user = colon === -1 ? text : text.slice(0, colon)
  return {
    username: user === '' ? null : decodeURIComponent(user),
    password: colon === -1 ? null : decodeURIComponent(text.slice(colon + 1)),
  }
}
