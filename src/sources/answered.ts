// What an answer over HTTP, or its absence, means for a reading. Messages never quote a URL or a header.
import { LINK_LOCAL_CODE } from '../outgoing/fetch.js'
import type { ReadingError } from '../snapshot/reading.js'

export type Fault = { readonly error: ReadingError; readonly message: string }

/** Null: the answer has a document. */
export function statusFault(status: number): Fault | null {
  if (status >= 200 && status < 300 && status !== 204 && status !== 205) return null
  if (status === 401 || status === 403)
    return {
      error: 'forbidden',
      message: `it answered ${status}: the credentials are missing or not accepted`,
    }
  if (status === 404 || status === 410)
    return { error: 'missing', message: `it answered ${status}: there is nothing at this address` }
  if (status === 204 || status === 205)
    return { error: 'missing', message: `it answered ${status}, without a document` }
  if (status === 429) return { error: 'io', message: 'it answered 429: it is asked too often' }
  return { error: 'io', message: `it answered ${status}` }
}

/** A page for people in the place of a document. */
export function typeFault(contentType: string | null): string | null {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) && !/json|text\/plain|octet-stream/.test(type) ? type : null
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed before the answer was whole',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved now',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  [LINK_LOCAL_CODE]:
    'its name leads to a link-local address, where credentials may be served; name the address itself to allow it',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is not as long as it says',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
}
const LATE = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])
const CERTIFICATE =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_SSL|EPROTO)/

/** The codes of an error and of its causes, the outermost first. */
function codesOf(error: unknown): readonly string[] {
  const codes: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if ('code' in at && typeof at.code === 'string') codes.push(at.code)
  return codes
}

/** Why no answer came, or no whole one. `isTls`: the connection could not be trusted. */
export function transportFault(error: unknown): Fault & { readonly isTls: boolean } {
  const codes = codesOf(error)
  const [code = 'unknown'] = codes
  const isTls = CERTIFICATE.test(code)
  if (codes.some(each => LATE.has(each))) return { error: 'timeout', message: 'it does not answer', isTls }
  if (isTls)
    return {
      error: 'io',
      message: `its certificate or its TLS cannot be used (${code}); ca_file names an authority to trust`,
      isTls,
    }
  if (/^(Z_|ERR_PADDING|ERR__ERROR|ERR_BROTLI)/.test(code))
    return { error: 'io', message: `the answer cannot be unpacked (${code})`, isTls }
  if (/^HPE_/.test(code)) return { error: 'io', message: `it does not speak HTTP (${code})`, isTls }
  return {
    error: 'io',
    message:
      WORDS[code] ?? (code === 'unknown' ? 'it does not speak HTTP' : `it cannot be reached (${code})`),
    isTls,
  }
}

/** `Retry-After` (RFC 9110 10.2.3) in milliseconds; null when there is none that can be used. */
export function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const atMs = /GMT$/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs)
}
