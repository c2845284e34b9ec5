// Pages of other sites: a browser sends their requests from its user's machine and network, so they reach servers that listen for
// that machine alone, and take places there. The browser says where a request comes from, and no page can change that.
// Whether a page may read an answer is a matter of cors.ts.
import type { IncomingHttpHeaders } from 'node:http'
import { allowedOrigin } from './cors.js'

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === host.toLowerCase()
}

/**
 * Whether the page of an origin that is not allowed sent it. `Sec-Fetch-Site` decides, else (older browsers, and plain HTTP to
 * another machine) `Origin`; programs send neither. `same-site` is another port or name of this host: another page.
 */
export function isCrossSite(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  if (allowedOrigins.includes('*') || allowedOrigin(origin, allowedOrigins) !== null) return false
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && !isOwnOrigin(origin, host)
}

/** Whether a person followed a link or typed the address: the document is shown, and no other page can read it. */
export function isNavigation({
  method,
  headers,
}: {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = headers
  return (method === 'GET' || method === 'HEAD') && mode === 'navigate' && dest === 'document'
}
