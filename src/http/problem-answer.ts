// Every failure of a request becomes one small problem document. The text of an exception stays in our log.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, HttpError, problem, statusOf } from '../contract/errors.js'

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

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: HttpError): void {
  if (hasUnreadBody(request)) void reply.header('Connection', 'close')
  const document = { ...problem(error.code, request.facts.requestId, error.detail), ...error.members }
  void reply
    .code(statusOf(error.code))
    .headers(error.headers)
    .header('Content-Type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(document)))
}
