// Every failure of a request becomes one small problem document. The text of an exception stays in our log.
//
// Some requests node:http rejects: broken syntax, headers over the limit, headers that do not arrive. Node reports them per socket; we
// write a small answer ourselves and close the connection.
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, HttpError, problem, statusOf } from '../contract/errors.js'
import type { RouteRules } from '../contract/plugin.js'
import { requestIdOf } from '../guards/ids.js'
import { DOCUMENT_HEADERS } from './answer-headers.js'

/** The framework's own errors that are the client's fault. */
const BY_FRAMEWORK_CODE: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'bad_request',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
}

/** The error as one of our table; an unknown one is our fault. */
export function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  const { code, statusCode } = error as Partial<FastifyError>
  const known = code === undefined ? undefined : BY_FRAMEWORK_CODE[code]
  if (known !== undefined) return new HttpError(known)
  const isClients = statusCode !== undefined && statusCode >= 400 && statusCode < 500
  return new HttpError(isClients ? 'bad_request' : 'internal')
}

/** The request has an unread body; to keep the connection, we would have to read it all. */
function hasUnreadBody(request: FastifyRequest): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
  return !request.raw.complete && (length !== '0' || coding !== undefined)
}

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: HttpError,
  errorMembers: RouteRules['errorMembers'] = () => ({}),
): void {
  if (hasUnreadBody(request)) void reply.header('Connection', 'close')
  const base = problem(error.code, request.facts.requestId, error.detail)
  const document = { ...base, ...error.members, ...errorMembers(base) }
  void reply
    .code(statusOf(error.code))
    .headers(error.headers)
    .header('Content-Type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(document)))
}

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
