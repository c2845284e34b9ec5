// GET and HEAD of a stream by the Durable Streams protocol. Who may read it, and how many may, is the same as for a resume.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ConnectParts, connect, followIn, type Seat, withSeat } from '../connect.js'
import type { FoundStream } from '../log/chat-log.js'
import { findNamed, notFound, recordOf, resume } from '../resume.js'
import { controlFrame } from './frames.js'
import { type DurableQuery, durableQuery } from './query.js'
import {
  answerHead,
  catchUp,
  cursorFor,
  DURABLE_HEADERS,
  type DurableParts,
  longPoll,
  startOf,
} from './read.js'
import { controlOf, durableView } from './view.js'

export type DurableRouteParts = ConnectParts & DurableParts

export async function durableHead(
  parts: ConnectParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const found = await findNamed(parts, request)
  if (found === null) throw notFound()
  return answerHead(found.log, reply)
}

/** The GET of a stream: by the protocol where the query asks for it, else a resume. */
export function readOrResume(
  parts: DurableRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const asked = durableQuery(request.query as Readonly<Record<string, unknown>>)
  return asked === null ? resume(parts, request, reply) : durableGet(parts, request, reply, asked)
}

function durableGet(
  parts: DurableRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: DurableQuery,
): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const { observer, audit, relay } = parts
    const found = await findNamed(parts, request)
    if (found === null) {
      observer.onResume?.('unknown')
      throw notFound()
    }
    const from = startOf(found.log, asked)
    followIn(seat, found.facts.streamId)
    // A client that polls on has been recorded.
    if (asked.live !== 'long-poll' || asked.place === 'now' || from === 0) {
      observer.onResume?.('resumed')
      audit.record({ operation: 'stream.resume', ...recordOf(parts, request, found), after: from - 1 })
    }
    if (asked.live === 'sse') return followAsSse(parts, request, reply, { found, asked, from, seat })
    if (asked.live === 'no') return catchUp(found.log, asked, request, reply)
    // A poll keeps the answer going as any reader does.
    const generation = relay.running(found.facts.streamId)
    const leave = generation === null ? null : relay.follow(generation)
    try {
      return await longPoll(parts, found.log, asked, request, reply)
    } finally {
      leave?.()
    }
  })
}

/** The protocol has it without a charset. */
const SSE_HEADERS = {
  ...DURABLE_HEADERS,
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
}

type Following = {
  readonly found: FoundStream
  readonly asked: DurableQuery
  readonly from: number
  readonly seat: Seat
}

function followAsSse(
  parts: DurableRouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { found, asked, from, seat }: Following,
): FastifyReply {
  const { log } = found
  const first = cursorFor(parts, asked.cursor)
  // It goes with the time, and never back.
  const cursor = (): string => String(Math.max(Number(first), Number(cursorFor(parts, null))))
  const hasNothing = from >= log.tail && log.end === 'open'
  const greeting = hasNothing ? controlFrame(controlOf(from, log, cursor)) : ''
  const view = { log: durableView(log, cursor), greeting }
  return connect(parts, request, reply, { found, from, isResume: true, seat, view, headers: SSE_HEADERS })
}
