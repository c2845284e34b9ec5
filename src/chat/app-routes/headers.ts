// Which headers go on between a caller and the app behind a route.
import type { IncomingHttpHeaders } from 'node:http'

/** RFC 9110 7.6.1: they are of one connection. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te'],
  ...['trailer', 'transfer-encoding', 'upgrade'],
])
/** Set by this server for every answer, by its own settings. */
const OWN_PREFIX = 'access-control-'
/** Of a streamed answer, set by this server: its length is not known, and it must not be kept or held back. */
const OWN_OF_STREAM: ReadonlySet<string> = new Set([
  ...['content-length', 'content-type', 'content-encoding', 'cache-control', 'x-accel-buffering', 'date'],
  ...['etag', 'last-modified', 'accept-ranges', 'vary', 'x-stream-id', 'x-connection-id'],
])

/** A token without its scheme. */
const bare = (value: string): string => value.replace(/^Bearer +/i, '')

/** What the app gets: the body's own type, what the caller accepts, and the headers named in `forward`; no secret of the server's. */
export function headersToApp(
  headers: IncomingHttpHeaders,
  forward: readonly string[],
  requestId: string,
  isSecret: (text: string) => boolean,
): Readonly<Record<string, string>> {
  const names = ['content-type', 'accept', ...forward]
  const given = names.flatMap((name): [string, string][] => {
    const value = headers[name]
    const text = typeof value === 'string' ? value : value?.join(', ')
    return text === undefined || isSecret(bare(text)) ? [] : [[name, text]]
  })
  // A compressed event stream could not be split into events.
  return { ...Object.fromEntries(given), 'accept-encoding': 'identity', 'x-request-id': requestId }
}

export type AppHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What the caller gets of the app's answer, cookies too: the app is the origin that the caller sees. */
export function headersFromApp(
  headers: AppHeaders,
  isStream: boolean,
): Readonly<Record<string, string | string[]>> {
  const named = String(headers.connection ?? '')
    .toLowerCase()
    .split(',')
    .map(each => each.trim())
  const passes = (name: string): boolean =>
    !HOP_BY_HOP.has(name) &&
    !named.includes(name) &&
    !name.startsWith(OWN_PREFIX) &&
    !(isStream && OWN_OF_STREAM.has(name))
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || !passes(name)
        ? []
        : [[name, typeof value === 'string' ? value : [...value]] as const],
    ),
  )
}
