// The relay's routes: start, resume, stop, the sibling without streaming, health. Each only puts the parts together:
// admission.ts lets in, starting.ts begins, the relay connects.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Clock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import { HttpError } from '../guards/errors.js'
import type { HttpPlugin, HttpShell, RouteRules } from '../guards/seam.js'
import { Admission } from './admission.js'
import type { ChatConfig } from './chat-config.js'
import { untilEnded, wholeAnswer } from './collect.js'
import { FAILURES, type FailureCode } from './events.js'
import { chatHealth } from './health.js'
import type { FoundStream } from './log/chat-log.js'
import { MAX_HISTORY_BYTES } from './question.js'
import type { Relay } from './relay.js'
import { eventIdOf, isStreamId } from './request-headers.js'
import type { AuditTrail, ChatLimits, Identity, Rollout } from './seams.js'
import { asStatus, Starting } from './starting.js'

/** What the routes tell about themselves. */
export type ChatRoutesObserver = {
  onAnswer?(status: number): void
  onResume?(result: 'resumed' | 'nothing_left' | 'unknown'): void
  onRateLimited?(): void
}

export type ChatRoutesParts = {
  readonly config: () => ChatConfig
  readonly relay: Relay
  readonly identity: Identity
  readonly rollout: Rollout
  readonly limits: ChatLimits
  readonly audit: AuditTrail
  readonly clock: Clock
  readonly timers?: Timers
  readonly observer?: ChatRoutesObserver
}

/** JSON may need several bytes for one. */
const BODY_BYTES = 2 * MAX_HISTORY_BYTES
const ESCAPED = 6
/** Readers of one stream are few; those of an instance are bounded. */
const READERS_PER_STREAM = 4
const BUSY = { 'Retry-After': '5' }

export function chatPlugin(parts: ChatRoutesParts): HttpPlugin {
  return {
    name: 'chat',
    register: (app, shell) => new ChatRoutes(parts, shell).register(app),
    dismiss: which => parts.relay.dismiss(which),
  }
}

type StreamParams = { readonly streamId: string }
type Query = Readonly<Record<string, unknown>>

class ChatRoutes {
  readonly #parts: ChatRoutesParts
  readonly #shell: HttpShell
  readonly #admission: Admission
  readonly #starting: Starting

  constructor(parts: ChatRoutesParts, shell: HttpShell) {
    this.#parts = parts
    this.#shell = shell
    const { observer = {} } = parts
    this.#admission = new Admission({ ...parts, onRateLimited: () => observer.onRateLimited?.() })
    this.#starting = new Starting({
      ...parts,
      admission: this.#admission,
      timers: parts.timers ?? systemTimers,
    })
  }

  register(app: FastifyInstance): void {
    const { chatPrefix: prefix, chatMaxQueryBytes } = this.#parts.config()
    const bodyLimit = BODY_BYTES + chatMaxQueryBytes * ESCAPED
    const one = `${prefix}/chat-stream/:streamId`
    const post = { method: 'POST', bodyLimit } as const
    const text = 'text/event-stream'
    this.#add(
      app,
      `${prefix}/chat-stream`,
      { ...post, starts: true },
      'Ask, and read the answer as it comes',
      text,
      (request, reply) => this.#ask(request, reply, 'body'),
    )
    this.#add(
      app,
      `${prefix}/chat-stream`,
      { method: 'GET', starts: true },
      'The same for EventSource; not for sensitive text: URLs are logged by proxies',
      text,
      (request, reply) => this.#get(request, reply),
    )
    this.#add(
      app,
      one,
      { method: 'GET', starts: false },
      'Resume: what follows Last-Event-ID (or ?after=), then live',
      text,
      (request, reply) => this.#resume(request, reply),
    )
    this.#add(app, one, { method: 'DELETE', starts: false }, 'Stop', 'text/plain', (request, reply) =>
      this.#stop(request, reply),
    )
    this.#add(
      app,
      `${prefix}/chat`,
      { ...post, starts: true },
      'Ask, and get the whole answer at once',
      'application/json',
      (request, reply) => this.#whole(request, reply),
    )
    const summary = 'How the relay is doing'
    app.get(
      `${prefix}/chat-stream/health`,
      { config: { rules: HEALTH }, schema: { summary, tags: TAGS } },
      () => chatHealth(this.#parts.rollout, this.#parts.relay.stats()),
    )
  }

  #add(
    app: FastifyInstance,
    url: string,
    how: {
      readonly method: 'GET' | 'POST' | 'DELETE'
      readonly bodyLimit?: number
      readonly starts: boolean
    },
    summary: string,
    contentType: string,
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  ): void {
    const { starts, ...route } = how
    const { identity, observer = {} } = this.#parts
    const rules: RouteRules = {
      surface: 'other',
      access: 'relay',
      acceptsBearer: async bearer => (await identity.verify(bearer)) !== null,
      onRefusal: (guard, code, facts) => this.#guardRefused(guard, code, facts),
    }
    const isBody = how.method === 'POST'
    app.route({
      ...route,
      url,
      exposeHeadRoute: false,
      config: { rules },
      schema: {
        summary,
        tags: TAGS,
        response: { 200: { description: summary, content: { [contentType]: { schema: {} } } } },
      },
      onRequest: async (request, reply) => {
        await this.#admission.admit(request, reply, starts && !this.#returns(request))
        if (isBody) checkContentType(request)
      },
      onSend: async (_request, reply) => {
        observer.onAnswer?.(reply.statusCode)
      },
      handler: handler as RouteHandlerMethod,
    })
  }

  #guardRefused(guard: string, code: string, facts: FastifyRequest['facts']): void {
    const { audit, clock, rollout } = this.#parts
    if (!rollout.enabled) return
    const { address, requestId } = facts
    const operation = guard === 'auth' ? 'security.auth_failure' : 'security.forbidden'
    if (guard === 'draining') return
    audit.record({ operation, address, requestId, person: null, code, atMs: clock.nowMs() })
  }

  /** An EventSource that comes back by itself: it starts nothing. */
  #returns(request: FastifyRequest): boolean {
    return request.method === 'GET' && eventIdOf(request.headers['last-event-id']) !== null
  }

  async #ask(request: FastifyRequest, reply: FastifyReply, place: 'body' | 'url'): Promise<unknown> {
    const query = request.query as Query
    const asked = this.#starting.question(place === 'body' ? request.body : query, place)
    const started = await this.#starting.start(
      request,
      asked,
      this.#starting.onDisconnect(query.on_disconnect),
    )
    const leave = await this.#starting.opened(started, reply, this.#parts.config().chatEarlyHeadersMs)
    if (leave === null) return reply.hijack()
    const eventId = eventIdOf(request.headers['last-event-id'])
    const { found, isJoined } = started
    const from = isJoined && eventId?.streamId === found.facts.streamId ? eventId.sequence + 1 : 0
    try {
      return this.#connect(request, reply, found, from, isJoined)
    } finally {
      leave()
    }
  }

  async #get(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const eventId = eventIdOf(request.headers['last-event-id'])
    if (eventId === null) return this.#ask(request, reply, 'url')
    const found = await this.#find(request, eventId.streamId)
    // Unknown by now, or not this caller's: it ended, as far as an EventSource is concerned, and must not come back.
    if (found === null) return this.#nothingLeft(reply, 'unknown')
    return this.#follow(request, reply, found, eventId.sequence + 1)
  }

  async #resume(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { streamId } = request.params as StreamParams
    const { after } = request.query as Query
    if (after !== undefined && (typeof after !== 'string' || !/^(-1|\d{1,15})$/.test(after))) {
      throw new HttpError('invalid_query', 'after must be the sequence number of an event, once.')
    }
    const found = isStreamId(streamId) ? await this.#find(request, streamId) : null
    if (found === null) {
      this.#parts.observer?.onResume?.('unknown')
      throw new HttpError('not_found', 'There is no such stream, or no longer.')
    }
    const eventId = eventIdOf(request.headers['last-event-id'])
    const seen = eventId?.streamId === streamId ? eventId.sequence : -1
    return this.#follow(request, reply, found, (after === undefined ? seen : Number(after)) + 1)
  }

  #find(request: FastifyRequest, streamId: string): Promise<FoundStream | null> {
    return this.#parts.relay.find(streamId, this.#admission.of(request).caller.person)
  }

  #nothingLeft(reply: FastifyReply, result: 'nothing_left' | 'unknown'): FastifyReply {
    this.#parts.observer?.onResume?.(result)
    return reply.code(204).send()
  }

  #follow(request: FastifyRequest, reply: FastifyReply, found: FoundStream, from: number): FastifyReply {
    const { log, facts } = found
    if (log.ended && from >= log.tail) return this.#nothingLeft(reply, 'nothing_left')
    const { audit, clock, observer } = this.#parts
    const { connectionId, caller } = this.#admission.of(request)
    observer?.onResume?.('resumed')
    audit.record({
      operation: 'stream.resume',
      streamId: facts.streamId,
      connectionId,
      requestId: request.facts.requestId,
      person: caller.person,
      atMs: clock.nowMs(),
      after: from - 1,
    })
    return this.#connect(request, reply, found, from, true)
  }

  #connect(
    request: FastifyRequest,
    reply: FastifyReply,
    found: FoundStream,
    from: number,
    isResume: boolean,
  ): FastifyReply {
    const { relay, config, observer } = this.#parts
    if (relay.readers >= READERS_PER_STREAM * config().chatMaxStreams) {
      throw new HttpError('chat_full', undefined, BUSY)
    }
    const { connectionId, rateHeaders } = this.#admission.of(request)
    const headers = { ...rateHeaders, 'X-Connection-ID': connectionId, 'X-Stream-ID': found.facts.streamId }
    const credential = request.facts.owner
    const stream = this.#shell.openStream(request, reply, { gzip: false, headers, counted: false })
    if (stream === null) return reply
    observer?.onAnswer?.(200)
    relay.join(found, stream, { from, connectionId, credential, isResume })
    return reply
  }

  async #stop(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { streamId } = request.params as StreamParams
    const { relay, audit, clock } = this.#parts
    const found = isStreamId(streamId) ? await this.#find(request, streamId) : null
    if (found === null) throw new HttpError('not_found', 'There is no such stream, or no longer.')
    const { connectionId, caller } = this.#admission.of(request)
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

  async #whole(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const asked = this.#starting.question(request.body, 'body')
    // Without a key nobody can come back for it.
    const canReturn = request.headers['idempotency-key'] !== undefined
    const onDisconnect = canReturn ? this.#starting.onDisconnect(undefined) : 'cancel'
    const started = await this.#starting.start(request, asked, onDisconnect)
    const leave = await this.#starting.opened(started, reply, null)
    if (leave === null) return reply.hijack()
    const { found } = started
    reply.raw.once('close', leave)
    await untilEnded(found.log)
    reply.raw.off('close', leave)
    leave()
    if (reply.raw.destroyed) return reply.hijack()
    const { text, model, sources, usage, end } = await wholeAnswer(found.log)
    if (end.type !== 'done') throw wholeFailure(end)
    const { connectionId } = this.#admission.of(request)
    return reply.header('X-Stream-ID', found.facts.streamId).send({
      success: true,
      response: text,
      ...(model === null ? {} : { model_used: model }),
      ...(sources === undefined ? {} : { sources }),
      ...(usage === undefined ? {} : { usage }),
      connectionId,
    })
  }
}

const TAGS = ['chat']
const HEALTH: RouteRules = { surface: 'other', access: 'data' }

function isFailure(code: unknown): code is FailureCode {
  return typeof code === 'string' && Object.hasOwn(FAILURES, code)
}

/** A whole answer that did not become whole. */
function wholeFailure({
  type,
  data,
}: {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}): HttpError {
  if (type === 'error' && isFailure(data.code)) return asStatus(data.code)
  if (data.reason === 'shutdown') return new HttpError('draining', undefined, BUSY)
  if (data.reason === 'expired') return asStatus('idle_timeout')
  return new HttpError('upstream_failed', 'The answer was stopped.')
}

function checkContentType(request: FastifyRequest): void {
  const type = request.headers['content-type']
  if (type !== undefined && !/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new HttpError('unsupported_media_type')
  }
}
