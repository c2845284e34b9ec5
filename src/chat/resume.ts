// Coming back to a stream: resuming it by its id or by Last-Event-ID, and stopping it.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../contract/errors.js'
import { encodeRetry } from '../sse/encode.js'
import { type ConnectParts, connect, followIn, type Seat, withSeat } from './connect.js'
import { LAST_SEQUENCE } from './encode.js'
import type { FoundStream, LogEnd } from './log/chat-log.js'
import { after as afterText, type EventId, eventIdOf, isStreamId } from './request.js'

/** Of an EventSource whose answer may be at another server, while nobody can say. */
const COME_BACK_MS = 3_000

/** The client names a stream. 404 when it is unknown or of another caller. */
export function resume(parts: ConnectParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const { after } = request.query as { readonly after?: unknown }
    if (after !== undefined && !afterText.safeParse(after).success) {
      throw new HttpError('invalid_query', 'after must be the sequence number of an event, once.')
    }
    const found = await findNamed(parts, request)
    if (found === null) {
      parts.observer.onResume?.('unknown')
      throw notFound()
    }
    const eventId = eventIdOf(request.headers['last-event-id'])
    const seen = eventId?.streamId === found.facts.streamId ? eventId.sequence : -1
    return follow(parts, request, reply, found, (after === undefined ? seen : Number(after)) + 1, seat)
  })
}

/** An EventSource reconnects by itself: 204 keeps it from coming back to a stream that it can no longer have. */
export function reconnect(
  parts: ConnectParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { streamId, sequence }: EventId,
): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const found = await findOrComeBack(parts, request, streamId)
    if (found === 'unknown now') return comeBack(reply)
    if (found === null) return nothingLeft(parts, reply, null)
    return follow(parts, request, reply, found, sequence + 1, seat)
  })
}

async function findOrComeBack(
  parts: ConnectParts,
  request: FastifyRequest,
  streamId: string,
): Promise<FoundStream | null | 'unknown now'> {
  try {
    return await find(parts, request, streamId)
  } catch (error) {
    if (error instanceof HttpError && error.code === 'engine_gone') return 'unknown now'
    throw error
  }
}

/** An EventSource takes any other status than 200 as final, so it is sent away with a time to come back. */
function comeBack(reply: FastifyReply): FastifyReply {
  return reply
    .code(200)
    .headers({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
    })
    .send(`${encodeRetry(COME_BACK_MS)}\n`)
}

export async function stop(
  parts: ConnectParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const found = await findNamed(parts, request)
  if (found === null) throw notFound()
  await stopFound(parts, request, found)
  return reply.code(202).send()
}

/** Throws the 404 of an answer that others joined. */
export async function stopFound(
  parts: ConnectParts,
  request: FastifyRequest,
  found: FoundStream,
): Promise<void> {
  if (parts.relay.keys.isShared(found.facts.streamId)) throw notFound()
  const record = (): void =>
    parts.audit.record({ operation: 'stream.stop', ...recordOf(parts, request, found) })
  // Before the record of its end; one that runs elsewhere may turn out to be unknown there.
  const isHere = parts.relay.running(found.facts.streamId) !== null
  if (isHere) record()
  if (!(await parts.relay.stop(found))) throw notFound()
  if (!isHere) record()
}

/** Null: unknown, or of another caller. */
function find(
  { relay, admission }: ConnectParts,
  request: FastifyRequest,
  streamId: string,
): Promise<FoundStream | null> {
  return relay.find(streamId, admission.of(request).caller)
}

export async function findNamed(parts: ConnectParts, request: FastifyRequest): Promise<FoundStream | null> {
  const { streamId } = request.params as { readonly streamId: string }
  return isStreamId(streamId) ? find(parts, request, streamId) : null
}

export function notFound(): HttpError {
  return new HttpError('not_found', 'There is no such stream, or it has expired.')
}

function nothingLeft({ observer }: ConnectParts, reply: FastifyReply, end: LogEnd | null): FastifyReply {
  observer.onResume?.(end === null ? 'unknown' : 'nothing_left')
  // Without it a client could not tell whether it has the whole answer.
  if (end !== null) void reply.header('X-Stream-End', end)
  return reply.code(204).send()
}

/** Sends what follows, or that nothing does. */
export function follow(
  parts: ConnectParts,
  request: FastifyRequest,
  reply: FastifyReply,
  found: FoundStream,
  from: number,
  seat: Seat,
): FastifyReply {
  const { log, facts } = found
  const hasEnd = log.lostEnd == null || from > LAST_SEQUENCE
  if (log.end !== 'open' && from >= log.tail && hasEnd) return nothingLeft(parts, reply, log.end)
  if (from < log.head) throw new HttpError('expired')
  followIn(seat, facts.streamId)
  parts.observer.onResume?.('resumed')
  parts.audit.record({ operation: 'stream.resume', ...recordOf(parts, request, found), after: from - 1 })
  return connect(parts, request, reply, { found, from, isResume: true, seat })
}

export function recordOf(
  { admission, clock }: ConnectParts,
  request: FastifyRequest,
  { facts }: FoundStream,
) {
  const { connectionId, caller } = admission.of(request)
  return {
    streamId: facts.streamId,
    connectionId,
    requestId: request.facts.requestId,
    person: caller.person,
    key: caller.relayKey?.name ?? null,
    atMs: clock.nowMs(),
  }
}
