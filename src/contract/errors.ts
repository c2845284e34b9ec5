// The one table of errors: stable code → HTTP status, title, text for the client. Every refusal and every failed request becomes
// `application/problem+json` (RFC 9457) here, so nothing of an exception can leak: no stack, path or text.

import { CHAT_FAILURES } from '../protocol/chat-events.js'

type ErrorEntry = {
  readonly status: number
  readonly title: string
  /** Default `detail`; a caller may give a more exact one made of checked text. */
  readonly detail: string
}

const TABLE = {
  bad_request: { status: 400, title: 'Bad request', detail: 'The request could not be understood.' },
  invalid_query: {
    status: 400,
    title: 'Invalid query parameter',
    detail: 'A query parameter has a value that is not allowed.',
  },
  unknown_panels: {
    status: 400,
    title: 'Unknown panels',
    detail: 'The panels parameter names a panel that does not exist.',
  },
  invalid_question: {
    status: 400,
    title: 'Question not usable',
    detail: 'The question or the conversation history has a form that is not allowed.',
  },
  invalid_document: {
    status: 400,
    title: 'Document not usable',
    detail: 'The body is not a JSON document that can be read.',
  },
  invalid_idempotency_key: {
    status: 400,
    title: 'Idempotency-Key not usable',
    detail: 'An Idempotency-Key is 1 to 255 visible characters.',
  },
  token_missing: {
    status: 401,
    title: 'Token needed',
    detail: 'Send the token as X-API-Token, as Authorization: Bearer, or a ticket from POST /summary/ticket.',
  },
  token_wrong: { status: 401, title: 'Token not accepted', detail: 'The token or ticket is not valid.' },
  no_token_key: {
    status: 401,
    title: 'No key to check tokens with',
    detail:
      "This server has no key to check people's tokens with (G6_CHAT_JWKS_URL or G6_CHAT_JWT_SECRET), so a Bearer token identifies nobody here.",
  },
  key_wrong: {
    status: 401,
    title: 'Key not accepted',
    detail: 'This relay key is unknown, was revoked or has expired (g6 keys list).',
  },
  caller_unknown: {
    status: 401,
    title: 'Key needed',
    detail:
      "Send a relay key (g6 keys add) or a person's token, as Authorization: Bearer or x-api-key. Callers without one are let in where the server listens on a loopback address only, or with G6_RELAY_ANONYMOUS=1.",
  },
  address_not_allowed: {
    status: 403,
    title: 'Address not allowed',
    detail: 'Requests from this address are not allowed.',
  },
  user_agent_not_allowed: {
    status: 403,
    title: 'Client not allowed',
    detail: 'Requests of this User-Agent are not allowed.',
  },
  notify_closed: {
    status: 403,
    title: 'Token needed here',
    detail:
      'A server that others reach and that has no token (G6_SSE_API_TOKEN) takes no mutes from the network.',
  },
  cross_site: {
    status: 403,
    title: 'Other sites not allowed',
    detail: 'Pages of another site may not ask here (G6_SSE_ALLOW_ORIGIN).',
  },
  feature_flag_disabled: {
    status: 403,
    title: 'Not switched on',
    detail:
      'Streamed answers are not switched on for this caller (ENABLE_SSE_STREAMING); POST to /chat, under the same prefix, gives the whole answer.',
  },
  model_not_allowed: {
    status: 403,
    title: 'Model not allowed',
    detail: 'The key of this caller does not allow this model (g6 keys list).',
  },
  not_found: { status: 404, title: 'Not found', detail: 'There is nothing at this address.' },
  expired: {
    status: 404,
    title: 'No longer kept',
    detail:
      'The answer goes on, and the events that follow the given one are no longer kept; start at its end, or ask again.',
  },
  model_not_served: {
    status: 404,
    title: 'No backend for this',
    detail: 'No backend of this server serves this route with this model.',
  },
  stream_disabled: {
    status: 404,
    title: 'Stream switched off',
    detail: 'The stream is switched off on this server (G6_SSE_HTTP=0).',
  },
  resync_disabled: {
    status: 404,
    title: 'Resync switched off',
    detail: 'Resync is switched off on this server; reconnect to the stream for a full snapshot.',
  },
  push_unknown: {
    status: 404,
    title: 'Nothing to push to',
    detail: 'This server has no source push:NAME with this name.',
  },
  no_rules: {
    status: 404,
    title: 'No rules',
    detail: 'This server has no rules of notifications ([[notify]] in its settings or board file).',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'The Allow header names the methods of this address.',
  },
  request_timeout: {
    status: 408,
    title: 'Request timed out',
    detail: 'The request did not arrive in time.',
  },
  offset_gone: {
    status: 410,
    title: 'Events dropped',
    detail: 'The events at this offset have been dropped: the answer is longer than this server keeps.',
  },
  too_many_mutes: {
    status: 409,
    title: 'Too many mutes',
    detail: 'There are 50 mutes already; end some (g6 mute --list, g6 mute --end ID).',
  },
  idempotency_conflict: {
    status: 409,
    title: 'Idempotency-Key used before',
    detail: 'This Idempotency-Key was used with another body.',
  },
  body_too_large: { status: 413, title: 'Body too large', detail: 'The request body is over the limit.' },
  request_line_too_long: {
    status: 414,
    title: 'Request line too long',
    detail: 'The request line is over 8 KiB.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'The Content-Type of the request is not understood here.',
  },
  wrong_host: {
    status: 421,
    title: 'Wrong host',
    detail: 'The Host header does not name this server (G6_ALLOWED_HOSTS).',
  },
  too_many_wrong_tokens: {
    status: 429,
    title: 'Too many wrong tokens',
    detail: 'This address has sent too many wrong tokens; wait, or send a right one.',
  },
  connect_rate: {
    status: 429,
    title: 'Too many new connections',
    detail: 'This address has opened too many streams lately.',
  },
  push_rate: {
    status: 429,
    title: 'Too many pushes',
    detail: 'Documents come faster than they may (G6_PUSH_RATE) or can be read; wait for Retry-After.',
  },
  notify_rate: {
    status: 429,
    title: 'Too many test messages',
    detail: 'Test messages may be sent every 5 s; wait for Retry-After.',
  },
  too_many_streams: {
    status: 429,
    title: 'Too many streams',
    detail: 'The server has as many streams as it may have.',
  },
  too_many_streams_of_address: {
    status: 429,
    title: 'Too many streams of one address',
    detail: 'This address has as many streams as it may have.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many questions',
    detail: 'Question limit of this caller reached (G6_CHAT_RATE); wait for Retry-After.',
  },
  tokens_spent: {
    status: 429,
    title: 'Token budget spent',
    detail: 'The key of this caller has used its tokens of this day (UTC); wait for Retry-After.',
  },
  too_many_questions_at_once: {
    status: 429,
    title: 'Too many questions at once',
    detail:
      'The questions of this caller that are on their way are too large together; send one after the other.',
  },
  too_many_streams_of_user: {
    status: 429,
    title: 'Too many streams of one user',
    detail: 'Stream limit of this caller reached (G6_CHAT_MAX_STREAMS_PER_USER); end one, or wait.',
  },
  too_many_readers_of_user: {
    status: 429,
    title: 'Too many readers of one user',
    detail: 'Reader limit of this caller reached; close a connection, or wait.',
  },
  too_many_readers_of_stream: {
    status: 429,
    title: 'Too many readers of one answer',
    detail: 'Reader limit of this answer reached; wait until a reader has left.',
  },
  headers_too_large: {
    status: 431,
    title: 'Headers too large',
    detail: 'The request headers are over 16 KiB or 100 lines.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    detail: 'The request failed here; the log has it under the request id.',
  },
  upstream_failed: {
    status: 502,
    title: 'No answer',
    detail: 'The answering service could not be reached, refused, or failed.',
  },
  breaker_open: {
    status: 503,
    title: 'Answering service unavailable',
    detail: CHAT_FAILURES.breaker_open.message,
  },
  chat_full: {
    status: 503,
    title: 'Too many streams',
    detail: 'Stream or reader limit of the relay reached (G6_CHAT_MAX_STREAMS); try again later.',
  },
  no_backend: {
    status: 503,
    title: 'No answering service',
    detail: 'No answering service is configured (RAG_BACKEND_URL).',
  },
  keys_unavailable: {
    status: 503,
    title: 'Keys not readable',
    detail:
      'The database of relay keys cannot be read (G6_KEYS_DB), so no key can be checked; try again later.',
  },
  audit_unavailable: {
    status: 503,
    title: 'Audit trail not writable',
    detail: 'New streams are refused while the audit trail cannot take records (G6_AUDIT_REQUIRED).',
  },
  engine_gone: {
    status: 503,
    title: 'Redis does not answer',
    detail:
      'Only Redis knows what the other servers of the fleet have, and it does not answer; try again later.',
  },
  answer_pending: {
    status: 503,
    title: 'Answer not there yet',
    detail:
      'Another server was asked this question with the same key, and its answer has not begun; try again.',
  },
  upstream_timeout: {
    status: 504,
    title: 'No answer in time',
    detail: CHAT_FAILURES.first_token_timeout.message,
  },
  not_publisher: {
    status: 503,
    title: 'No publisher answers',
    detail: 'The server of the fleet that carries out the rules did not answer in time; try again.',
  },
  state_in_use: {
    status: 503,
    title: 'Another server sends',
    detail:
      'Another server uses the same state of the notifications (G6_NOTIFY_STATE), and the rules are not carried out here: ask that one.',
  },
  push_unshared: {
    status: 503,
    title: 'Not shared',
    detail:
      'Redis does not answer, so the other servers of the fleet do not get the document; push it again later.',
  },
  starting: { status: 503, title: 'Starting', detail: 'There is no board yet.' },
  draining: { status: 503, title: 'Shutting down', detail: 'The server is about to stop.' },
  shed: {
    status: 503,
    title: 'Overloaded',
    detail: 'The server is too busy to take new streams; come back later.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>

export type ErrorCode = keyof typeof TABLE

/** `application/problem+json` as it leaves; `members` of a caller are added for compatibility. */
export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  readonly request_id: string
}

export function statusOf(code: ErrorCode): number {
  return TABLE[code].status
}

/** `detail` replaces the default; it must be made of text we know (never an exception's message). */
export function problem(code: ErrorCode, requestId: string, detail?: string): Problem {
  const { status, title, detail: usual } = TABLE[code]
  const type = `urn:g6-stream:error:${code}`
  return { type, title, status, code, detail: detail ?? usual, request_id: requestId }
}

/** Thrown by a route for an error of the table; the server turns it into the answer. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  constructor(
    readonly code: ErrorCode,
    /** Made of checked text: it is sent to the client. */
    readonly detail?: string,
    readonly headers: Readonly<Record<string, string>> = {},
    /** Members of the document beyond the usual ones, for clients that know older forms; `code` may be replaced too. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail ?? TABLE[code].detail)
  }
}

/** `docs/reference/errors.md`. */
export function errorsPage(): string {
  const rows = Object.entries(TABLE).map(
    ([code, { status, title, detail }]) => `| \`${code}\` | ${status} | ${title} | ${detail} |`,
  )
  return [
    '# Errors',
    '',
    'Every error of the HTTP side is `application/problem+json` (RFC 9457):',
    '`{type, title, status, code, detail, request_id}`. `code` is stable; `detail` is for people and may change;',
    '`request_id` is that of the response header and of the log lines. Generated from the table in the source.',
    '',
    '| Code | Status | Title | What it says |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
