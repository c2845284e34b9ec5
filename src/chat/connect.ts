// Connects a reader: a place among the readers, then an open stream that the relay feeds. Asking and resuming both end here.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.js'
import type { HttpShell, StreamHeaders } from '../contract/plugin.js'
import type { Admission } from './admission.js'
import type { ChatConfig } from './chat-config.js'
import type { ReaderPlace } from './limits/reader-places.js'
import type { FoundStream } from './log/chat-log.js'
import type { AuditTrail } from './ports.js'
import { rateLimited } from './refused.js'
import type { LogView, Relay } from './relay.js'

export type ConnectObserver = {
  /** The HTTP status of an answer. */
  onAnswer?(status: number): void
  onResume?(result: 'resumed' | 'nothing_left' | 'unknown'): void
}

export type ConnectParts = {
  readonly config: () => ChatConfig
  readonly relay: Relay
  readonly admission: Admission
  readonly shell: HttpShell
  readonly audit: AuditTrail
  readonly clock: Clock
  readonly observer: ConnectObserver
}

/** `isConnected`: a connection has the place now, and releases it. */
export type Seat = ReaderPlace & { isConnected: boolean }

/** Runs it with a place among the readers; releases the place at the end unless a connection has it. */
export async function withSeat(
  admission: Admission,
  request: FastifyRequest,
  run: (seat: Seat) => Promise<unknown>,
): Promise<unknown> {
  const seat: Seat = { ...admission.takePlace(request), isConnected: false }
  try {
    return await run(seat)
  } finally {
    if (!seat.isConnected) seat.release()
  }
}

/** Counts the reader for this answer; throws the 429 when the answer has too many. */
export function followIn(seat: Seat, streamId: string): void {
  if (!seat.follow(streamId)) throw rateLimited('chat_cap', 'too_many_readers_of_stream')
}

export type Connecting = {
  readonly found: FoundStream
  /** The number of the first event to send. */
  readonly from: number
  readonly isResume: boolean
  readonly seat: Seat
  readonly view?: LogView
  /** Of its 200, besides those that every stream has. */
  readonly headers?: StreamHeaders
}

export function connect(
  { relay, admission, shell, observer }: ConnectParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { found, from, isResume, seat, view, headers: own = {} }: Connecting,
): FastifyReply {
  const { connectionId, rateHeaders, credential } = admission.of(request)
  const { streamId, format } = found.facts
  const headers = {
    ...rateHeaders,
    'X-Connection-ID': connectionId,
    'X-Stream-ID': streamId,
    ...(format === 'pass'
      ? { 'Content-Type': 'text/event-stream', Location: `/v1/streams/${streamId}` }
      : {}),
    ...own,
  }
  const onLeave = seat.release
  const isOpen = relay.join(
    found,
    begin => shell.openStream(request, reply, { gzip: false, headers, counted: false, begin }),
    { from, connectionId, credential, isResume, onLeave, ...(view && { view }) },
  )
  if (!isOpen) return reply
  observer.onAnswer?.(200)
  seat.isConnected = true
  return reply
}
