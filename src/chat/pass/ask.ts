// A request on its way to a backend and its answer back: event by event into a log that can be resumed, or as one document.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../../contract/errors.js'
import { checkModel } from '../admission.js'
import { backendsOf } from '../backends/backend.js'
import { connect, followIn, type Seat, withSeat } from '../connect.js'
import type { Generation } from '../generation.js'
import type { ChatLog } from '../log/chat-log.js'
import { validUntilOf } from '../ports.js'
import { failedBefore, wrongToken } from '../refused.js'
import { type EventId, eventIdOf } from '../request.js'
import { follow, notFound } from '../resume.js'
import { type AskParts, onDisconnectOf, type Started, start, untilBegun } from '../start.js'
import type { CallFailure } from '../upstream/call.js'
import type { UpstreamRequest } from '../upstream/request.js'
import { untilEnded } from '../whole.js'
import { type BodyFacts, readBody } from './body.js'
import { headersToCaller, upstreamRequestId } from './headers.js'
import { askerOf, digestOf, type PassRoute, passRequest } from './question.js'
import { answerName, cancelOf } from './responses.js'

/** So long a failure can still be an honest HTTP status; then the connection would need a comment. */
const LATEST_HEAD_MS = 15_000

export function askPass(
  parts: AskParts,
  route: PassRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const eventId = eventIdOf(request.headers['last-event-id'])
    if (eventId !== null) return resumed(parts, request, reply, eventId, seat)
    const body = request.body as Buffer
    const facts = factsOf(body)
    checkModel(parts.admission.of(request).caller, facts.model)
    const started = await startPass(parts, route, request, body, facts)
    followIn(seat, started.found.facts.streamId)
    const begun = await untilBegun(parts, started, reply, facts.stream ? LATEST_HEAD_MS : null)
    if (begun.how === 'gone') return reply.hijack()
    if (begun.how === 'failed') return refuse(reply, begun.failure, started.generation)
    try {
      return await (facts.stream
        ? connectPass(parts, request, reply, started, seat)
        : sendWhole(parts, request, reply, started, facts))
    } finally {
      begun.leave()
    }
  })
}

/** Clients that come back by asking again, with the id of the last event that they have. */
async function resumed(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { streamId, sequence }: EventId,
  seat: Seat,
): Promise<FastifyReply> {
  const found = await parts.relay.find(streamId, parts.admission.of(request).caller)
  if (found === null) throw notFound()
  return follow(parts, request, reply, found, sequence + 1, seat)
}

function factsOf(body: unknown): BodyFacts {
  const facts = Buffer.isBuffer(body) ? readBody(body) : 'not_an_object'
  if (facts === 'not_an_object') throw new HttpError('invalid_document', 'The body must be a JSON object.')
  if (facts === 'twice') {
    throw new HttpError('invalid_document', 'The body has model or stream twice; each may be given once.')
  }
  return facts
}

function startPass(
  parts: AskParts,
  route: PassRoute,
  request: FastifyRequest,
  body: Buffer,
  facts: BodyFacts,
): Promise<Started> {
  const { relay, admission } = parts
  const { on_disconnect: given } = request.query as { readonly on_disconnect?: unknown }
  const canReturn = facts.stream || request.headers['idempotency-key'] !== undefined
  const admitted = admission.of(request)
  let generation: Generation | null = null
  return start(parts, request, {
    fingerprint: () => `${route.path} ${digestOf(body)}`,
    // An answer that nobody can ask for again is not finished for nobody.
    onDisconnect: canReturn ? onDisconnectOf(parts, given) : 'cancel',
    question: () => {
      const onAnswerId = (id: string): void => {
        const backend = generation?.head?.backend
        if (generation === null || backend === undefined) return
        const { stream: isStreamed, background: isBackground } = facts
        const { streamId } = generation.facts
        const answer = { streamId, backend, isStreamed, isBackground }
        if (relay.answers.keep(id, answer)) relay.names?.keep(answerName(id), JSON.stringify(answer))
      }
      const cancelRequest = (streamId: string): UpstreamRequest | null => {
        const answer = relay.answers.takeCancel(streamId)
        const backend = backends.find(({ name }) => name === answer?.backend)
        return answer === null || backend === undefined ? null : cancelOf(asker, backend, answer.id)
      }
      const { isSecret } = admission
      const backends = backendsOf(parts.config())
      const asker = askerOf(request, admitted, isSecret)
      const made = passRequest(
        { route, request, admitted, body, facts, isSecret, onAnswerId, cancelRequest },
        backends,
      )
      if (made === null) throw new HttpError('model_not_served')
      return made
    },
    onStarted: started => {
      generation = started
    },
  })
}

/** A refusal of the backend goes on in its own words: it is the caller's fault, and the caller needs to read it. */
function refuse(
  reply: FastifyReply,
  { code, refusal }: CallFailure,
  generation: Generation | null,
): FastifyReply {
  // The caller's client would do again what was done here.
  const noRetry = (generation?.tries ?? 0) > 1 ? { 'x-should-retry': 'false' } : {}
  if (refusal === null || refusal.status < 400 || refusal.status >= 500) {
    const { code: problem, detail, headers } = failedBefore(code)
    throw new HttpError(problem, detail, { ...headers, ...noRetry })
  }
  return reply
    .code(refusal.status)
    .headers({ ...headersToCaller(refusal.headers), ...noRetry })
    .send(refusal.body)
}

function connectPass(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { found, generation, isJoined }: Started,
  seat: Seat,
): FastifyReply {
  const head = generation?.head ?? null
  const headers = head === null ? {} : upstreamRequestId(head.headers)
  return connect(parts, request, reply, { found, from: found.log.head, isResume: isJoined, seat, headers })
}

async function sendWhole(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { found, generation, hasKey }: Started,
  { background }: BodyFacts,
): Promise<FastifyReply> {
  const validUntilMs = validUntilOf(parts.admission.of(request).credential)
  const forMs = validUntilMs === null ? null : validUntilMs - parts.clock.nowMs()
  const how = await untilEnded(found.log, reply.raw, parts.timers, forMs)
  if (how === 'gone') return reply.hijack()
  if (how === 'expired') throw wrongToken()
  const body = await wholeBody(found.log)
  // One in the background has only begun: its id is needed to ask for it, and to cancel it.
  if (!hasKey && !background) await parts.relay.forget(found.facts.streamId)
  if (body === null) throw new HttpError('upstream_failed', 'The answer was stopped, or broke off.')
  return reply
    .headers({ 'content-type': 'application/json', ...headersToCaller(generation?.head?.headers ?? {}) })
    .send(body)
}

/** Null: the answer did not come to its end. */
async function wholeBody(log: ChatLog): Promise<Buffer | null> {
  if (log.end !== 'whole' || log.tail === 0) return null
  const { bytes } = await log.readFrom(0, 'raw', Number.MAX_SAFE_INTEGER)
  return bytes
}
