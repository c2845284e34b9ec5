// A question on its way down: checked, joined to an earlier answer with the same key or begun, then read as a stream or as a
// whole. Before the first frame a failure can still be an honest HTTP status.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Timers } from '../clock/timers.js'
import { HttpError } from '../contract/errors.js'
import { baliZeroRequest } from './bali-zero-question.js'
import { type ConnectParts, connect, followIn, withSeat } from './connect.js'
import type { Generation, OnDisconnect } from './generation.js'
import { IdempotencyKeys, idempotencyKey } from './idempotency.js'
import type { FoundStream } from './log/chat-log.js'
import { type ChatLimits, type Lease, validUntilOf } from './ports.js'
import { type Asked, checkQuestion } from './question.js'
import { busy, failedBefore, rateLimited, wrongToken } from './refused.js'
import { eventIdOf, onDisconnect as onDisconnectWord, passedOn } from './request.js'
import type { CallFailure } from './upstream/call.js'
import { untilEnded, wholeAnswer } from './whole.js'

export type AskParts = ConnectParts & { readonly limits: ChatLimits; readonly timers: Timers }

/** `generation` is null when the stream has ended or runs on another instance. */
type Started = {
  readonly found: FoundStream
  readonly generation: Generation | null
  readonly isJoined: boolean
  /** With a key the client can come back without knowing the stream's id. */
  readonly hasKey: boolean
}

export function askStream(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
  place: 'body' | 'url',
): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const query = request.query as Readonly<Record<string, unknown>>
    const asked = questionIn(parts, place === 'body' ? request.body : query, place)
    const started = await start(parts, request, asked, onDisconnectOf(parts, query.on_disconnect))
    const { found, isJoined } = started
    const { streamId } = found.facts
    followIn(seat, streamId)
    const leave = await untilBegun(parts, started, reply, parts.config().chatEarlyHeadersMs)
    if (leave === null) return reply.hijack()
    const eventId = eventIdOf(request.headers['last-event-id'])
    const from = isJoined && eventId?.streamId === streamId ? eventId.sequence + 1 : 0
    try {
      return connect(parts, request, reply, { found, from, isResume: isJoined, seat })
    } finally {
      leave()
    }
  })
}

export function askWhole(parts: AskParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const asked = questionIn(parts, request.body, 'body')
    // Without a key the client cannot come back for the answer.
    const canReturn = request.headers['idempotency-key'] !== undefined
    const started = await start(
      parts,
      request,
      asked,
      canReturn ? onDisconnectOf(parts, undefined) : 'cancel',
    )
    const { facts, log } = started.found
    followIn(seat, facts.streamId)
    const leave = await untilBegun(parts, started, reply, null)
    if (leave === null) return reply.hijack()
    const { connectionId, credential } = parts.admission.of(request)
    const validUntilMs = validUntilOf(credential)
    const validForMs = validUntilMs === null ? null : validUntilMs - parts.clock.nowMs()
    const how = await untilEnded(log, reply.raw, parts.timers, validForMs)
    leave()
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

function onDisconnectOf({ config }: AskParts, given: unknown): OnDisconnect {
  const { chatOnDisconnect, chatAllowFinish } = config()
  const allowed: readonly OnDisconnect[] = chatAllowFinish
    ? ['grace', 'cancel', 'finish']
    : ['grace', 'cancel']
  if (given === undefined) return allowed.find(each => each === chatOnDisconnect) ?? 'grace'
  const { data: found } = onDisconnectWord.safeParse(given)
  if (found !== undefined && allowed.includes(found)) return found
  throw new HttpError('invalid_query', `on_disconnect must be ${allowed.join(' or ')}.`)
}

/** Joins the running or kept answer to the same question with the same key, or begins one. */
async function start(
  parts: AskParts,
  request: FastifyRequest,
  asked: Asked,
  onDisconnect: OnDisconnect,
): Promise<Started> {
  const { relay, admission } = parts
  const { caller } = admission.of(request)
  const key = idempotencyKey(request.headers['idempotency-key'])
  if (key === false) throw new HttpError('invalid_idempotency_key')
  if (key === null) return begin(parts, request, asked, onDisconnect, false)
  const scoped = IdempotencyKeys.scoped(caller.key, key)
  const fingerprint = IdempotencyKeys.fingerprint(asked)
  const earlier = relay.keys.find(scoped, fingerprint)
  if (earlier.kind === 'conflict') throw new HttpError('idempotency_conflict')
  if (earlier.kind === 'same') {
    const { streamId } = earlier
    const found = await relay.find(streamId, caller)
    if (found !== null) {
      if (found.facts.owner === null) relay.keys.share(streamId)
      return { found, generation: relay.running(streamId), isJoined: true, hasKey: true }
    }
  }
  const started = begin(parts, request, asked, onDisconnect, true)
  relay.keys.keep(scoped, fingerprint, started.found.facts.streamId)
  return started
}

function begin(
  parts: AskParts,
  request: FastifyRequest,
  asked: Asked,
  onDisconnect: OnDisconnect,
  hasKey: boolean,
): Started {
  const { relay, admission, audit } = parts
  const config = parts.config()
  const { ragBackendUrl, chatForwardAuth } = config
  const { caller, connectionId } = admission.of(request)
  const { person } = caller
  const { headers, facts } = request
  if (ragBackendUrl.length === 0) throw busy('chat_backend', 'no_backend')
  if (!audit.canStart()) throw busy('chat_audit', 'audit_unavailable')
  const lease = takeLease(parts, request)
  try {
    const generation = relay.start({
      request: baliZeroRequest(
        {
          ...asked,
          ...passedOn(headers),
          email: person?.email ?? null,
          role: person?.role ?? null,
          requestId: facts.requestId,
          authorization: chatForwardAuth && person !== null ? (headers.authorization ?? null) : null,
        },
        config,
      ),
      connectionId,
      caller,
      lease,
      onDisconnect,
    })
    const found = { facts: generation.facts, log: generation.log }
    return { found, generation, isJoined: false, hasKey }
  } catch (error) {
    lease.release()
    throw error
  }
}

function takeLease({ limits, admission }: AskParts, request: FastifyRequest): Lease {
  const { caller, bypasses } = admission.of(request)
  const lease = limits.lease(bypasses ? null : caller)
  if (lease === 'instance') throw busy('chat_cap', 'chat_full')
  if (lease === 'user') throw rateLimited('chat_cap', 'too_many_streams_of_user')
  return lease
}

/**
 * Waits until the upstream begins, fails, or `forMs` have passed. Meanwhile the request counts as a follower, until the
 * returned function is called. Null: the client left. Throws the HTTP error of a failure, and forgets the stream.
 */
async function untilBegun(
  { relay, timers }: AskParts,
  { generation, found, hasKey }: Started,
  { raw }: FastifyReply,
  forMs: number | null,
): Promise<(() => void) | null> {
  if (generation === null) return () => {}
  const leave = relay.follow(generation)
  const outcome = await new Promise<CallFailure | 'gone' | null>(resolve => {
    const settle = (how: CallFailure | 'gone' | null): void => {
      raw.off('close', onClose)
      cancelTimer?.()
      resolve(how)
    }
    const onClose = (): void => settle('gone')
    const cancelTimer = forMs === null ? null : timers.after(forMs, () => settle(null))
    raw.once('close', onClose)
    // The client may have left during the search for an earlier answer.
    if (raw.destroyed) settle('gone')
    else void generation.opened.then(settle)
  })
  if (outcome === null) return leave
  // Without an id or a key the client cannot come back.
  if (outcome === 'gone' && !hasKey) generation.abort('idle')
  leave()
  if (outcome === 'gone') return null
  relay.forget(found.facts.streamId)
  throw failedBefore(outcome.code)
}
