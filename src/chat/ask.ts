// A question on its way down: checked, joined to an earlier answer with the same key or begun, then read as a stream or as a
// whole. Before the first frame a failure can still be an honest HTTP status.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../contract/errors.js'
import { baliZeroRequest } from './bali-zero-question.js'
import { hasChatBackend } from './chat-config.js'
import { connect, followIn, withSeat } from './connect.js'
import type { UpstreamEvent } from './events.js'
import type { OnDisconnect } from './generation.js'
import { IdempotencyKeys } from './idempotency.js'
import { validUntilOf } from './ports.js'
import { type Asked, checkQuestion } from './question.js'
import { busy, failedBefore, wrongToken } from './refused.js'
import { eventIdOf, passedOn } from './request.js'
import { type AskParts, onDisconnectOf, type Starting, start, untilBegun } from './start.js'
import { untilEnded, wholeAnswer } from './whole.js'

export type { AskParts } from './start.js'

export function askStream(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
  place: 'body' | 'url',
): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const query = request.query as Readonly<Record<string, unknown>>
    const asked = questionIn(parts, place === 'body' ? request.body : query, place)
    const onDisconnect = onDisconnectOf(parts, query.on_disconnect)
    const started = await start(parts, request, startingOf(parts, request, asked, onDisconnect))
    const { found, isJoined } = started
    const { streamId } = found.facts
    followIn(seat, streamId)
    const begun = await untilBegun(parts, started, reply, parts.config().chatEarlyHeadersMs)
    if (begun.how === 'failed') throw failedBefore(begun.failure.code)
    if (begun.how === 'gone') return reply.hijack()
    const eventId = eventIdOf(request.headers['last-event-id'])
    const from = isJoined && eventId?.streamId === streamId ? eventId.sequence + 1 : 0
    try {
      return connect(parts, request, reply, { found, from, isResume: isJoined, seat })
    } finally {
      begun.leave()
    }
  })
}

export function askWhole(parts: AskParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const asked = questionIn(parts, request.body, 'body')
    // Without a key the client cannot come back for the answer.
    const canReturn = request.headers['idempotency-key'] !== undefined
    const onDisconnect = canReturn ? onDisconnectOf(parts, undefined) : 'cancel'
    const started = await start(parts, request, startingOf(parts, request, asked, onDisconnect))
    const { facts, log } = started.found
    followIn(seat, facts.streamId)
    const begun = await untilBegun(parts, started, reply, null)
    if (begun.how === 'failed') throw failedBefore(begun.failure.code)
    if (begun.how === 'gone') return reply.hijack()
    const { connectionId, credential } = parts.admission.of(request)
    const validUntilMs = validUntilOf(credential)
    const validForMs = validUntilMs === null ? null : validUntilMs - parts.clock.nowMs()
    const how = await untilEnded(log, reply.raw, parts.timers, validForMs)
    begun.leave()
    if (how === 'gone') return reply.hijack()
    if (how === 'expired') throw wrongToken()
    const answer = { ...(await wholeAnswer(log)), connectionId }
    return await reply.header('X-Stream-ID', facts.streamId).send(answer)
  })
}

/** Throws the 400 of a question that is not valid. */
export function questionIn(
  { config }: Pick<AskParts, 'config'>,
  given: unknown,
  place: 'body' | 'url',
): Asked {
  const checked = checkQuestion(given, place, config().chatMaxQueryBytes)
  if (checked.ok) return checked.asked
  const required = place === 'body' ? 'query is required' : 'query parameter is required'
  const error = checked.isQueryMissing ? required : checked.detail
  throw new HttpError('invalid_question', checked.detail, {}, { error })
}

function startingOf(
  parts: AskParts,
  request: FastifyRequest,
  asked: Asked,
  onDisconnect: OnDisconnect,
): Starting<UpstreamEvent> {
  const { person } = parts.admission.of(request).caller
  const { headers, facts } = request
  return {
    fingerprint: () => IdempotencyKeys.fingerprint(asked),
    onDisconnect,
    question: () => {
      const config = parts.config()
      if (!hasChatBackend(config)) throw busy('chat_backend', 'no_backend')
      const question = {
        ...asked,
        ...passedOn(headers),
        email: person?.email ?? null,
        role: person?.role ?? null,
        requestId: facts.requestId,
        authorization: config.chatForwardAuth && person !== null ? (headers.authorization ?? null) : null,
      }
      return baliZeroRequest(question, config)
    },
  }
}
