// Coming back to the stream of a chat: reading it from its start, and stopping it.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { connect, followIn, withSeat } from '../connect.js'
import { eventIdOf } from '../request.js'
import { notFound, recordOf, stopFound } from '../resume.js'
import type { AskParts } from '../start.js'
import { type AppRoute, runningOf, UI_MESSAGE_HEADER } from './ask.js'

/** 204: none is running, which tells the AI SDK that there is nothing to resume. */
export function resumeApp(
  parts: AskParts,
  route: AppRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const { relay, admission, observer, audit } = parts
    const known = await runningOf(parts, route, request)
    const found = known === null ? null : await relay.find(known.streamId, admission.of(request).caller)
    const eventId = eventIdOf(request.headers['last-event-id'])
    const isReturn = found !== null && eventId?.streamId === found.facts.streamId
    const from = isReturn ? eventId.sequence + 1 : (found?.log.head ?? 0)
    // Of one that has ended only its own reader gets the rest: a caller that begins anew has the whole from the app.
    const hasMore = found !== null && (found.log.end === 'open' || (isReturn && from < found.log.tail))
    if (!hasMore || from < found.log.head) {
      observer.onResume?.('nothing_left')
      if (found !== null) void reply.header('X-Stream-End', found.log.end)
      return reply.code(204).send()
    }
    followIn(seat, found.facts.streamId)
    observer.onResume?.('resumed')
    audit.record({ operation: 'stream.resume', ...recordOf(parts, request, found), after: from - 1 })
    const headers = {
      Location: request.url.split('?')[0] ?? '',
      ...(known?.isUiMessage ? { [UI_MESSAGE_HEADER]: 'v1' } : {}),
    }
    return connect(parts, request, reply, { found, from, isResume: true, seat, headers })
  })
}

/** 202, and again as long as the stream is known. */
export async function stopApp(
  parts: AskParts,
  route: AppRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const known = await runningOf(parts, route, request)
  const found =
    known === null ? null : await parts.relay.find(known.streamId, parts.admission.of(request).caller)
  if (found === null) throw notFound()
  await stopFound(parts, request, found)
  return reply.code(202).send()
}
