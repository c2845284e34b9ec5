// Headers that do not depend on the route.
import type { StreamHeaders } from '../contract/plugin.js'
import { corsHeaders } from '../guards/cors.js'
import type { HttpConfig } from './http-config.js'

type Headers = Readonly<Record<string, string>>

/** On every answer, streams and refusals included. */
export function commonHeaders(
  request: { readonly headers: { readonly origin?: string | undefined }; readonly url?: string | undefined },
  requestId: string,
  config: Pick<HttpConfig, 'sseAllowOrigin' | 'sseRequestIdHeader'>,
): Headers {
  const { sseAllowOrigin, sseRequestIdHeader } = config
  return {
    [sseRequestIdHeader]: requestId,
    'X-Content-Type-Options': 'nosniff',
    ...corsHeaders(request.headers.origin, sseAllowOrigin, sseRequestIdHeader, request.url),
  }
}

/** On every answer but a stream. No cache may keep it, no other page may embed it. */
export const DOCUMENT_HEADERS: Headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  Vary: 'Origin',
}

/** On the 200 of every stream. The type comes from the WHATWG standard. */
export const STREAM_HEADERS: Headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  Vary: 'Origin, Accept-Encoding',
}

/** The head of a stream as bytes. All values are ours or checked, so a line break in one is our fault. */
export function streamHead(headers: StreamHeaders): Buffer {
  let head = 'HTTP/1.1 200 OK\r\n'
  for (const [name, value] of Object.entries(headers)) {
    for (const each of typeof value === 'string' ? [value] : value) {
      if (LINE_BREAK.test(each)) throw new Error(`the value of the header ${name} has a line break`)
      head += `${name}: ${each}\r\n`
    }
  }
  return Buffer.from(`${head}\r\n`, 'latin1')
}

const LINE_BREAK = /[\r\n\0]/
