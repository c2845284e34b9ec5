// A stream's own requests: ask, come back, stop. Each only puts the parts together: starting.ts begins, the relay connects.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.js'
import { HttpError } from '../contract/errors.js'
import type { HttpShell } from '../contract/plugin.js'
import type { Admission } from './admission.js'
import type { ChatConfig } from './chat-config.js'
import type { ReaderPlace } from './limits/reader-places.js'
import type { FoundStream } from './log/chat-log.js'
import { followIn } from './refused.js'
import type { Relay } from './relay.js'
import { eventIdOf, isStreamId } from './request-headers.js'
import { after as afterText } from './request-queries.js'
import type { AuditTrail } from './seams.js'
import type { Starting } from './starting.js'

export type StreamObserver = {
  /** The status of an answer that became a stream. */
  onAnswer?(status: number): void
  onResume?(result: 'resumed' | 'nothing_left' | 'unknown'): void
}

export type StreamRoutesParts = {
  readonly config: () => ChatConfig
  readonly relay: Relay
  readonly admission: Admission
  readonly starting: Starting
  readonly shell: HttpShell
  readonly audit: AuditTrail
  readonly clock: Clock
  readonly observer: StreamObserver
}

/** A place among the readers; `isConnected`: a connection has it now, and releases it. */
type Seat = ReaderPlace & { isConnected: boolean }

type Connecting = {
  readonly found: FoundStream
  /** The number of the first event it lacks. */
  readonly from: number
  readonly isResume: boolean
  readonly seat: Seat
}

type StreamParams = { readonly streamId: string }
type Query = Readonly<Record<string, unknown>>

export class StreamRoutes {
  readonly #parts: StreamRoutesParts

  constructor(parts: StreamRoutesParts) {
    this.#parts = parts
  }

  ask(request: FastifyRequest, reply: FastifyReply, place: 'body' | 'url'): Promise<unknown> {
    return this.#inPlace(request, async seat => {
      const query = request.query as Query
      const asked = this.#parts.starting.question(place === 'body' ? request.body : query, place)
      const started = await this.#parts.starting.start(
        request,
        asked,
        this.#parts.starting.onDisconnect(query.on_disconnect),
      )
      const { found, isJoined } = started
      followIn(seat, found.facts.streamId)
      const leave = await this.#parts.starting.opened(started, reply, this.#parts.config().chatEarlyHeadersMs)
      if (leave === null) return reply.hijack()
      const eventId = eventIdOf(request.headers['last-event-id'])
      const from = isJoined && eventId?.streamId === found.facts.streamId ? eventId.sequence + 1 : 0
      try {
        return this.#connect(request, reply, { found, from, isResume: isJoined, seat })
      } finally {
        leave()
      }
    })
  }

  get(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const eventId = eventIdOf(request.headers['last-event-id'])
    if (eventId === null) return this.ask(request, reply, 'url')
    return this.#inPlace(request, async seat => {
      const found = await this.#find(request, eventId.streamId)
      // Unknown by now, or not this caller's: it ended, as far as an EventSource is concerned, and must not come back.
      if (found === null) return this.#nothingLeft(reply, 'unknown')
      return this.#follow(request, reply, found, eventId.sequence + 1, seat)
    })
  }

  resume(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    return this.#inPlace(request, async seat => {
      const { streamId } = request.params as StreamParams
      const { after } = request.query as Query
      if (after !== undefined && !afterText.safeParse(after).success) {
        throw new HttpError('invalid_query', 'after must be the sequence number of an event, once.')
      }
      const found = isStreamId(streamId) ? await this.#find(request, streamId) : null
      if (found === null) {
        this.#parts.observer.onResume?.('unknown')
        throw new HttpError('not_found', 'There is no such stream, or no longer.')
      }
      const eventId = eventIdOf(request.headers['last-event-id'])
      const seen = eventId?.streamId === streamId ? eventId.sequence : -1
      return this.#follow(request, reply, found, (after === undefined ? seen : Number(after)) + 1, seat)
    })
  }

  /** Runs it with a place among the readers, which is free again at its end unless a connection has it then. */
  async #inPlace(request: FastifyRequest, run: (seat: Seat) => Promise<unknown>): Promise<unknown> {
    const place = this.#parts.admission.takePlace(request)
    const seat = { follow: place.follow, release: place.release, isConnected: false }
    try {
      return await run(seat)
    } finally {
      if (!seat.isConnected) place.release()
    }
  }

  #find(request: FastifyRequest, streamId: string): Promise<FoundStream | null> {
    return this.#parts.relay.find(streamId, this.#parts.admission.of(request).caller.person)
  }

  #nothingLeft(reply: FastifyReply, result: 'nothing_left' | 'unknown'): FastifyReply {
    this.#parts.observer.onResume?.(result)
    return reply.code(204).send()
  }

  #follow(
    request: FastifyRequest,
    reply: FastifyReply,
    found: FoundStream,
    from: number,
    seat: Seat,
  ): FastifyReply {
    const { log, facts } = found
    if (log.ended && from >= log.tail) return this.#nothingLeft(reply, 'nothing_left')
    followIn(seat, facts.streamId)
    const { audit, clock, observer } = this.#parts
    const { connectionId, caller } = this.#parts.admission.of(request)
    observer.onResume?.('resumed')
    audit.record({
      operation: 'stream.resume',
      streamId: facts.streamId,
      connectionId,
      requestId: request.facts.requestId,
      person: caller.person,
      atMs: clock.nowMs(),
      after: from - 1,
    })
    return this.#connect(request, reply, { found, from, isResume: true, seat })
  }

  #connect(
    request: FastifyRequest,
    reply: FastifyReply,
    { found, from, isResume, seat }: Connecting,
  ): FastifyReply {
    const { relay, observer } = this.#parts
    const { connectionId, rateHeaders, credential } = this.#parts.admission.of(request)
    const headers = { ...rateHeaders, 'X-Connection-ID': connectionId, 'X-Stream-ID': found.facts.streamId }
    const stream = this.#parts.shell.openStream(request, reply, { gzip: false, headers, counted: false })
    if (stream === null) return reply
    observer.onAnswer?.(200)
    relay.join(found, stream, { from, connectionId, credential, isResume, onLeave: seat.release })
    seat.isConnected = true
    return reply
  }

  async stop(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { streamId } = request.params as StreamParams
    const { relay, audit, clock } = this.#parts
    const found = isStreamId(streamId) ? await this.#find(request, streamId) : null
    if (found === null) throw new HttpError('not_found', 'There is no such stream, or no longer.')
    const { connectionId, caller } = this.#parts.admission.of(request)
    audit.record({
      operation: 'stream.stop',
      streamId,
      connectionId,
      requestId: request.facts.requestId,
      person: caller.person,
      atMs: clock.nowMs(),
    })
    relay.stop(found)
    return reply.code(202).send()
  }
}
