// Requests that node:http rejects: broken syntax, headers over the limit, headers that do not arrive. Node reports them per socket; we
// write a small answer ourselves and close the connection.
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ErrorCode, problem, statusOf } from '../contract/errors.js'
import { requestIdOf } from '../guards/ids.js'
import { DOCUMENT_HEADERS } from './answer-headers.js'

/** Of the request line: method, target and version. */
export const MAX_REQUEST_LINE_BYTES = 8 * 1024

type ParseFault = Error & { readonly code?: string; readonly rawPacket?: Buffer }

/** A head with more lines than we accept; answered like one with too many bytes. */
export class TooManyHeaderLines extends Error {
  readonly code = 'G6_TOO_MANY_HEADER_LINES'
}

const BY_CODE: Readonly<Record<string, ErrorCode>> = {
  G6_TOO_MANY_HEADER_LINES: 'headers_too_large',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

function codeOf(fault: ParseFault): ErrorCode {
  const code = BY_CODE[fault.code ?? ''] ?? 'bad_request'
  return fault.code === 'HPE_HEADER_OVERFLOW' && isInRequestLine(fault.rawPacket)
    ? 'request_line_too_long'
    : code
}

/** Whether the head grew too large within its first line, as far as the last packet shows. */
function isInRequestLine(packet: Buffer | undefined): boolean {
  if (packet === undefined) return false
  const lineEnd = packet.indexOf('\r\n')
  const isFirst = /^[A-Z]+ \S/.test(packet.subarray(0, 32).toString('latin1'))
  return lineEnd === -1 || (isFirst && lineEnd > MAX_REQUEST_LINE_BYTES)
}

type PlainAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The answer to a request that reaches no route; the connection ends with it. */
export function plainProblem(code: ErrorCode, requestIdHeader: string): PlainAnswer {
  const requestId = requestIdOf(undefined)
  const body = Buffer.from(JSON.stringify(problem(code, requestId)))
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(body.length),
    Connection: 'close',
    [requestIdHeader]: requestId,
    'X-Content-Type-Options': 'nosniff',
    ...DOCUMENT_HEADERS,
  }
  return { status: statusOf(code), headers, body }
}

function asBytes({ status, headers, body }: PlainAnswer): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

/** For `clientError`. `busy`: another answer is being written to this socket, so nothing may be written in between. */
export function answerBroken(
  fault: ParseFault,
  socket: Duplex,
  busy: boolean,
  requestIdHeader: string,
): void {
  if (busy || !socket.writable || fault.code === 'ECONNRESET') socket.destroy()
  else socket.end(asBytes(plainProblem(codeOf(fault), requestIdHeader)), () => socket.destroy())
}
