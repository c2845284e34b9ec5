// Pages of other sites may not spend answers here: a browser says where a request comes from. Pure.
import type { IncomingHttpHeaders } from 'node:http'

function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === host.toLowerCase()
}

/** True: refuse. A request with an allowed origin, or one that is this server's own, passes wherever its page stands. */
export function isCrossSite(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): boolean {
  const { origin, host } = headers
  if (origin === undefined) return headers['sec-fetch-site'] === 'cross-site'
  return !(allowedOrigins.includes('*') || allowedOrigins.includes(origin) || isOwn(origin, host))
}
