// The relay's routes as the server sees them: their paths, what each asks of a request before its body is read, and what is
// told of its refusals. What they do is in stream-routes.ts and whole-route.ts.
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  RouteHandlerMethod,
} from 'fastify'
import { z } from 'zod'
import type { Clock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import { type ErrorCode, HttpError } from '../contract/errors.js'
import type { HttpPlugin, HttpShell, RouteRules } from '../contract/plugin.js'
import type { Refusal } from '../contract/refusal.js'
import { Admission } from './admission.js'
import type { ChatConfig } from './chat-config.js'
import { isOut } from './credential.js'
import { chatHealth } from './health.js'
import { MAX_HISTORY_BYTES, questionBody, questionInUrl } from './question.js'
import { recordOf } from './refused.js'
import type { Relay } from './relay.js'
import { callerHeaders, eventIdOf, questionHeaders, resumeHeaders, streamIdText } from './request-headers.js'
import { askQuery, resumeQuery } from './request-queries.js'
import type { AuditTrail, ChatLimits, Identity, Rollout, SecurityOperation } from './seams.js'
import { Starting } from './starting.js'
import { type StreamObserver, StreamRoutes } from './stream-routes.js'
import { answerWhole } from './whole-route.js'

/** What the routes tell about themselves. */
export type ChatRoutesObserver = StreamObserver & { onRateLimited?(): void }

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

export function chatPlugin(parts: ChatRoutesParts): HttpPlugin {
  return {
    name: 'chat',
    register: (app, shell) => new ChatRoutes(parts, shell).register(app),
    dismiss: ownerIsOut => void parts.relay.dismiss(credential => isOut(credential, ownerIsOut, parts)),
  }
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** After the prefix. */
  readonly path: string
  readonly summary: string
  /** Of its 200. */
  readonly contentType: string
  /** What it takes, for the description; the handlers check it, each where it is needed, with the same schemas. */
  readonly takes: Pick<FastifySchema, 'body' | 'querystring' | 'params'> & { readonly headers: z.ZodType }
  /** It may begin an answer: the rate counts it. */
  readonly starts: boolean
  /** ENABLE_SSE_STREAMING decides; else it answers whenever there is a backend. */
  readonly isUnderFlag: boolean
  readonly handler: Handler
}

class ChatRoutes {
  readonly #parts: ChatRoutesParts
  readonly #admission: Admission
  readonly #starting: Starting
  readonly #routes: readonly Route[]

  constructor(parts: ChatRoutesParts, shell: HttpShell) {
    this.#parts = parts
    const { observer = {}, timers = systemTimers } = parts
    const admission = new Admission(parts)
    const starting = new Starting({ ...parts, admission, timers })
    const streams = new StreamRoutes({ ...parts, admission, starting, shell, observer })
    this.#admission = admission
    this.#starting = starting
    this.#routes = [
      {
        method: 'POST',
        path: '/chat-stream',
        summary: 'Ask, and read the answer as it comes',
        contentType: 'text/event-stream',
        takes: { headers: ASKING, body: questionBody, querystring: z.object(askQuery) },
        starts: true,
        isUnderFlag: true,
        handler: (request, reply) => streams.ask(request, reply, 'body'),
      },
      {
        method: 'GET',
        path: '/chat-stream',
        summary: 'The same for EventSource; not for sensitive text: URLs are logged by proxies',
        contentType: 'text/event-stream',
        takes: { headers: ASKING, querystring: questionInUrl.partial().extend(askQuery) },
        starts: true,
        isUnderFlag: true,
        handler: (request, reply) => streams.get(request, reply),
      },
      {
        method: 'GET',
        path: '/chat-stream/:streamId',
        summary: 'Resume: what follows Last-Event-ID (or ?after=), then live',
        contentType: 'text/event-stream',
        takes: { headers: RESUMING, params: STREAM, querystring: z.object(resumeQuery) },
        starts: false,
        isUnderFlag: true,
        handler: (request, reply) => streams.resume(request, reply),
      },
      {
        method: 'DELETE',
        path: '/chat-stream/:streamId',
        summary: 'Stop',
        contentType: 'text/plain',
        takes: { headers: z.object(callerHeaders), params: STREAM },
        starts: false,
        isUnderFlag: true,
        handler: (request, reply) => streams.stop(request, reply),
      },
      {
        method: 'POST',
        path: '/chat',
        summary: 'Ask, and get the whole answer at once',
        contentType: 'application/json',
        takes: { headers: z.object({ ...callerHeaders, ...questionHeaders }), body: questionBody },
        starts: true,
        isUnderFlag: false,
        handler: (request, reply) => answerWhole({ starting, admission }, request, reply),
      },
    ]
  }

  register(app: FastifyInstance): void {
    const { rollout, relay, config } = this.#parts
    for (const route of this.#routes) this.#add(app, route)
    const summary = 'How the relay is doing'
    app.get(
      `${config().chatPrefix}/chat-stream/health`,
      { config: { rules: HEALTH }, schema: { summary, tags: TAGS } },
      () => chatHealth(rollout, relay.stats()),
    )
  }

  #add(app: FastifyInstance, route: Route): void {
    const { method, path, summary, contentType, takes, starts, isUnderFlag, handler } = route
    const { config, observer = {} } = this.#parts
    const { chatPrefix, chatMaxQueryBytes } = config()
    const rules: RouteRules = {
      surface: 'other',
      access: 'relay',
      bearerFault: bearer => this.#bearerFault(route, bearer),
      onRefusal: (refusal, request) => this.#refused(route, refusal, request),
    }
    const hasBody = method === 'POST'
    app.route({
      method,
      url: `${chatPrefix}${path}`,
      ...(hasBody ? { bodyLimit: BODY_BYTES + chatMaxQueryBytes * ESCAPED } : {}),
      exposeHeadRoute: false,
      config: { rules },
      validatorCompiler: CHECKED_BY_HANDLERS,
      schema: {
        summary,
        tags: TAGS,
        ...takes,
        response: { 200: { description: summary, content: { [contentType]: { schema: {} } } } },
      },
      onRequest: async (request, reply) => {
        const isStart = starts && !returnsByItself(request)
        await this.#admission.admit(request, reply, { isStart, isUnderFlag })
        if (!hasBody) return
        checkContentType(request)
        // Nothing at all lacks its question; read as JSON it would only be no JSON.
        if (request.headers['content-length'] === '0') this.#starting.question(undefined, 'body')
      },
      onSend: async (_request, reply) => {
        observer.onAnswer?.(reply.statusCode)
      },
      // Whoever left while being let in would read nothing of what is begun now.
      handler: ((request, reply) =>
        starts && request.raw.socket.destroyed
          ? reply.hijack()
          : handler(request, reply)) as RouteHandlerMethod,
    })
  }

  #isOpen({ isUnderFlag }: Route): boolean {
    const { rollout, config } = this.#parts
    return isUnderFlag ? rollout.enabled : config().ragBackendUrl.length > 0
  }

  async #bearerFault(route: Route, bearer: string): Promise<ErrorCode | null> {
    // While the route is closed nobody's token is looked at: everybody gets the answer that says so.
    if (!this.#isOpen(route)) return null
    const { identity } = this.#parts
    if (!identity.hasKey) return 'no_token_key'
    return (await identity.verify(bearer)) === null ? 'token_wrong' : null
  }

  /** Records it, where it forbids somebody something; returns the operation. */
  #refused(route: Route, refusal: Refusal, request: FastifyRequest): SecurityOperation | null {
    const record = this.#isOpen(route) ? recordOf(refusal) : null
    if (record === null) return null
    const { audit, clock, observer = {} } = this.#parts
    const { address, requestId } = request.facts
    const person = this.#admission.personOf(request)
    audit.record({ ...record, address, requestId, person, atMs: clock.nowMs() })
    if (record.operation === 'security.rate_limit_violation') observer.onRateLimited?.()
    return record.operation
  }
}

const TAGS = ['chat']
const RESUMING = z.object({ ...callerHeaders, ...resumeHeaders })
const ASKING = z.object({ ...callerHeaders, ...questionHeaders, ...resumeHeaders })
const STREAM = z.object({ streamId: streamIdText })

/** A request is refused in the words its callers know, and an id of another form is replaced, not refused. */
const CHECKED_BY_HANDLERS = () => (value: unknown) => ({ value })
const HEALTH: RouteRules = { surface: 'other', access: 'data' }

/** An EventSource that comes back: it starts nothing. */
function returnsByItself(request: FastifyRequest): boolean {
  return request.method === 'GET' && eventIdOf(request.headers['last-event-id']) !== null
}

function checkContentType(request: FastifyRequest): void {
  const type = request.headers['content-type']
  if (type !== undefined && !/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new HttpError('unsupported_media_type')
  }
}
