// Headers that do not depend on the route: on every answer, and on every answer that is no stream.
import { corsHeaders } from '../guards/cors.js'
import type { HttpConfig } from './http-config.js'

type Headers = Readonly<Record<string, string>>

/** On every answer, the stream's 200 and refusals alike. */
export function commonHeaders(
  request: { readonly headers: { readonly origin?: string | undefined } },
  requestId: string,
  config: Pick<HttpConfig, 'sseAllowOrigin' | 'sseRequestIdHeader'>,
): Headers {
  const { sseAllowOrigin, sseRequestIdHeader } = config
  return {
    [sseRequestIdHeader]: requestId,
    'X-Content-Type-Options': 'nosniff',
    ...corsHeaders(request.headers.origin, sseAllowOrigin, sseRequestIdHeader),
  }
}

/** On every answer but a stream. Nothing here may be kept by a cache or shown inside another page. */
export const DOCUMENT_HEADERS: Headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  Vary: 'Origin',
}

/** On the 200 of every stream. The type is text/event-stream after the WHATWG standard. */
export const STREAM_HEADERS: Headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  Vary: 'Origin, Accept-Encoding',
}

/** The head of a stream as bytes. Values are ours or checked; a line break in one would be a fault of ours. */
export function streamHead(headers: Headers): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  if (lines.some(line => /[\r\n\0]/.test(line.slice(0, -2))))
    throw new Error('a header value has a line break')
  return Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`, 'latin1')
}
