// Reads of a stream by the Durable Streams protocol: what is there (catch-up), what comes next (long poll), and what there is to
// know (HEAD). The bytes are those of the log, so an offset and a Last-Event-ID name the same place. The content type is
// text/plain: clients of the protocol take `text/event-stream` for its own framing of `live=sse`.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import { HttpError } from '../../contract/errors.js'
import { matchesEtag } from '../../contract/negotiation.js'
import type { ChatLog } from '../log/chat-log.js'
import { cursorAt, offsetOf } from './offsets.js'
import type { DurableQuery } from './query.js'
import { untilGrown } from './wait.js'

export type DurableParts = {
  readonly clock: Clock
  readonly timers: Timers
  readonly random?: () => number
  /** How long a poll waits; default 20 000. */
  readonly longPollMs?: number
}

export const DURABLE_TYPE = 'text/plain; charset=utf-8'
const LONG_POLL_MS = 20_000
/** Of one answer; the next one continues. */
const MAX_BYTES = 1024 * 1024
/** No other page may embed it, and no cache may keep it. */
export const DURABLE_HEADERS = { 'Cross-Origin-Resource-Policy': 'same-origin', 'Cache-Control': 'no-store' }

/** The number of the first event to read. Throws the 400 of a place that this stream does not have. */
export function startOf(log: ChatLog, { place }: Pick<DurableQuery, 'place'>): number {
  if (place === 'now') return log.tail
  if (place < log.head) throw new HttpError('offset_gone')
  if (place <= log.tail) return place
  throw new HttpError('invalid_query', 'offset is behind the end of this stream.')
}

export function cursorFor({ clock, random = Math.random }: DurableParts, given: string | null): string {
  return cursorAt(clock.nowMs(), given, random())
}

/** The headers of an answer that ends before the event `next`. */
function placeHeaders(log: ChatLog, next: number): Readonly<Record<string, string>> {
  const offset = { 'Stream-Next-Offset': offsetOf(next) }
  if (next < log.tail) return offset
  const caughtUp = { ...offset, 'Stream-Up-To-Date': 'true' }
  return log.end === 'open' ? caughtUp : { ...caughtUp, 'Stream-Closed': 'true', 'X-Stream-End': log.end }
}

export function answerHead(log: ChatLog, reply: FastifyReply): FastifyReply {
  const { 'Stream-Up-To-Date': _, ...headers } = placeHeaders(log, log.tail) as Record<string, string>
  return reply
    .headers({ ...DURABLE_HEADERS, ...headers })
    .type(DURABLE_TYPE)
    .send()
}

/** Whole events from there, up to `MAX_BYTES` and what one event is more. */
async function bytesFrom(
  log: ChatLog,
  from: number,
): Promise<{ readonly bytes: Buffer; readonly next: number }> {
  const parts: Buffer[] = []
  let size = 0
  let next = from
  const tail = log.tail
  while (next < tail && size < MAX_BYTES) {
    const slice = await log.readFrom(next, 'raw', MAX_BYTES - size)
    parts.push(slice.bytes)
    size += slice.bytes.length
    next = slice.next
  }
  return { bytes: Buffer.concat(parts), next }
}

async function answerBytes(
  log: ChatLog,
  from: number,
  request: FastifyRequest,
  reply: FastifyReply,
  more: Readonly<Record<string, string>>,
): Promise<FastifyReply> {
  const { bytes, next } = await bytesFrom(log, from)
  const headers = placeHeaders(log, next)
  // It changes when the stream closes, so that nobody is kept from hearing of it.
  const etag = `"${from}:${next}${'Stream-Closed' in headers ? ':c' : ''}"`
  void reply.headers({ ...DURABLE_HEADERS, ...headers, ...more, ETag: etag })
  if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.type(DURABLE_TYPE).send(bytes)
}

/** Everything from there up to now. */
export function catchUp(
  log: ChatLog,
  asked: DurableQuery,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> | FastifyReply {
  const from = startOf(log, asked)
  if (asked.place !== 'now') return answerBytes(log, from, request, reply, {})
  return reply
    .headers({ ...DURABLE_HEADERS, ...placeHeaders(log, from) })
    .type(DURABLE_TYPE)
    .send('')
}

/** What is there, else what comes next: 204 after a while, or when the stream is closed. */
export async function longPoll(
  parts: DurableParts,
  log: ChatLog,
  asked: DurableQuery,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const from = startOf(log, asked)
  const { timers, longPollMs = LONG_POLL_MS } = parts
  const how = await untilGrown(log, from, reply.raw, timers, longPollMs)
  if (how === 'gone') return reply.hijack()
  const cursor = { 'Stream-Cursor': cursorFor(parts, asked.cursor) }
  if (log.tail > from) return answerBytes(log, from, request, reply, cursor)
  const headers = { ...DURABLE_HEADERS, ...placeHeaders(log, from) }
  return reply
    .headers(log.end === 'open' ? { ...headers, ...cursor } : headers)
    .code(204)
    .send()
}
