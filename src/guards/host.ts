// Guard 3: the Host header, against DNS rebinding. A page of another site can make its own name resolve to this machine, but its
// requests then have that name as Host, and are refused. And, at start: no port for other machines without a token.
import { isIPv4 } from 'node:net'
import { LEAST_TOKEN_LENGTH } from '../config/kinds/secrets.js'
import { unixPathOf } from '../config/unix-path.js'

/** Whether an address is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'))
}

/** Whether only this machine reaches what is bound there. */
export function isLocal(boundTo: string): boolean {
  return isLoopback(boundTo) || unixPathOf(boundTo) !== null
}

/** `name:port` in parts; the name lower case, without brackets and trailing dot. Null when it is malformed. */
function parsed(host: string): { readonly name: string; readonly port: string } | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\\?#\s]+))(?::(\d{0,5}))?$/i.exec(host)
  if (match === null) return null
  const name = (match[1] ?? match[2] ?? '').toLowerCase().replace(/\.$/, '')
  return { name, port: match[3] ?? '' }
}

/** An allowed host with a port matches only that port. A bare IPv6 address needs no brackets. */
function fits(allowed: string, name: string, port: string): boolean {
  if (allowed === '*' || allowed.toLowerCase() === name) return true
  const entry = parsed(allowed)
  return entry !== null && entry.name === name && (entry.port === '' || entry.port === port)
}

/** The authority of an absolute request target (`GET http://host/path`); null for an ordinary path. */
export function targetHost(target: string): string | null {
  return /^https?:\/\/([^/?#]*)/i.exec(target)?.[1] ?? null
}

/**
 * With a list: the host must be on it. Without one: only loopback names when bound to loopback or a unix socket, else any (the
 * token protects there). A request without Host (HTTP/1.0) does not come from a browser, so only an explicit list refuses it.
 */
export function hostAllowed(
  header: string | undefined,
  allowedHosts: readonly string[],
  boundTo: string,
): boolean {
  if (header === undefined || header === '') return allowedHosts.length === 0 || allowedHosts.includes('*')
  if (allowedHosts.length === 0 && !isLocal(boundTo)) return true
  const host = parsed(header)
  if (host === null) return false
  if (allowedHosts.length === 0) return isLoopback(host.name)
  return allowedHosts.some(allowed => fits(allowed, host.name, host.port))
}

export type OpenBind =
  | { readonly kind: 'fine' }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string }

/** `name`: what is bound to `httpHost`, for the message. */
export function judgeBind(
  settings: {
    readonly httpHost: string
    readonly sseApiToken: string | null
    readonly allowOpen: boolean
  },
  name = `G6_HTTP_HOST=${settings.httpHost}`,
): OpenBind {
  const { httpHost, sseApiToken, allowOpen } = settings
  if (isLocal(httpHost) || sseApiToken !== null) return { kind: 'fine' }
  const what = `${name} can be reached from other machines and no token is set`
  if (allowOpen) {
    return {
      kind: 'warning',
      text: `${what}: everybody who reaches it can read everything (G6_ALLOW_OPEN=1)`,
    }
  }
  const ways = 'set G6_SSE_API_TOKEN (or G6_SSE_API_TOKEN_FILE), bind to 127.0.0.1, or set G6_ALLOW_OPEN=1'
  return { kind: 'refused', text: `${what}: ${ways}` }
}

/** A warning about a token that can be guessed where other machines can try; null: there is none. */
export function weakTokenText(settings: {
  readonly httpHost: string
  readonly sseApiToken: string | null
  readonly sseApiTokenPrevious: string | null
}): string | null {
  const { httpHost, sseApiToken, sseApiTokenPrevious } = settings
  if (isLoopback(httpHost) || sseApiToken === null) return null
  const name =
    sseApiToken.length < LEAST_TOKEN_LENGTH
      ? 'G6_SSE_API_TOKEN'
      : (sseApiTokenPrevious?.length ?? LEAST_TOKEN_LENGTH) < LEAST_TOKEN_LENGTH
        ? 'G6_SSE_API_TOKEN_PREVIOUS'
        : null
  if (name === null) return null
  const how = 'openssl rand -base64 32 makes a good one'
  return `G6_HTTP_HOST=${httpHost} can be reached from other machines and ${name} has fewer than ${LEAST_TOKEN_LENGTH} characters: it is refused from the next release; ${how}`
}
