// The relay's routes: their paths, who may use them before the body is read, and how refusals are recorded. What they do is
// in ask.ts and resume.ts.
import type { IncomingMessage } from 'node:http'
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
import { HttpError } from '../contract/errors.js'
import type { HttpPlugin, HttpShell, RouteRules } from '../contract/plugin.js'
import type { Refusal } from '../contract/refusal.js'
import { Admission, checkModel, isRevoked } from './admission.js'
import { appRoutes } from './app-routes/routes.js'
import { type AskParts, askStream, askWhole, questionIn } from './ask.js'
import { type ChatConfig, hasChatBackend } from './chat-config.js'
import type { ConnectObserver } from './connect.js'
import { chatHealth } from './health.js'
import { QuestionBytes } from './limits/question-bytes.js'
import { passRoutes } from './pass/routes.js'
import type { AuditTrail, ChatLimits, Identity, RelayKeys, Rollout, SecurityOperation } from './ports.js'
import { MAX_HISTORY_BYTES, questionBody, questionInUrl } from './question.js'
import { busy, rateLimited, recordOf } from './refused.js'
import type { Relay } from './relay.js'
import {
  askQuery,
  callerHeaders,
  eventIdOf,
  questionHeaders,
  resumeHeaders,
  resumeQuery,
  streamIdText,
} from './request.js'
import { reconnect, resume, stop } from './resume.js'

export type ChatRoutesObserver = ConnectObserver & { onRateLimited?(): void }

export type ChatRoutesParts = {
  readonly config: () => ChatConfig
  readonly relay: Relay
  readonly identity: Identity
  readonly keys: RelayKeys
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

const TAGS = ['chat']
const CALLING = z.object(callerHeaders)
const ASKING = CALLING.extend(questionHeaders)
const RESUMING = CALLING.extend(resumeHeaders)
const STREAM = z.object({ streamId: streamIdText })
const HEALTH: RouteRules = { surface: 'other', access: 'data' }

/** The handlers check requests, since their refusals have members that clients of the original read. */
const CHECKED_BY_HANDLERS = () => (value: unknown) => ({ value })

type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** After the prefix. */
  readonly path: string
  readonly summary: string
  /** Of its 200. */
  readonly contentType: string
  /** For the OpenAPI description; the handlers check with the same schemas. */
  readonly takes: Pick<FastifySchema, 'body' | 'querystring' | 'params'> & { readonly headers: z.ZodType }
  /** The request may begin an answer, so the rate limit counts it. */
  readonly starts: boolean
  /** ENABLE_SSE_STREAMING applies; otherwise the route is open while there is a backend. */
  readonly isUnderFlag: boolean
  readonly handler: (parts: AskParts, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
}

const ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/chat-stream',
    summary: 'Ask, and read the answer as it comes',
    contentType: 'text/event-stream',
    takes: {
      headers: ASKING.extend(resumeHeaders),
      body: questionBody,
      querystring: z.object(askQuery),
    },
    starts: true,
    isUnderFlag: true,
    handler: (parts, request, reply) => askStream(parts, request, reply, 'body'),
  },
  {
    method: 'GET',
    path: '/chat-stream',
    summary: 'The same for EventSource; not for sensitive text: proxies log URLs',
    contentType: 'text/event-stream',
    takes: {
      headers: ASKING.extend(resumeHeaders),
      querystring: questionInUrl.partial().extend(askQuery),
    },
    starts: true,
    isUnderFlag: true,
    handler: (parts, request, reply) => {
      const eventId = eventIdOf(request.headers['last-event-id'])
      return eventId === null
        ? askStream(parts, request, reply, 'url')
        : reconnect(parts, request, reply, eventId)
    },
  },
  {
    method: 'GET',
    path: '/chat-stream/:streamId',
    summary: 'Resume: what follows Last-Event-ID (or ?after=), then live',
    contentType: 'text/event-stream',
    takes: { headers: RESUMING, params: STREAM, querystring: z.object(resumeQuery) },
    starts: false,
    isUnderFlag: true,
    handler: resume,
  },
  {
    method: 'DELETE',
    path: '/chat-stream/:streamId',
    summary: 'Stop',
    contentType: 'text/plain',
    takes: { headers: CALLING, params: STREAM },
    starts: false,
    isUnderFlag: true,
    handler: stop,
  },
  {
    method: 'POST',
    path: '/chat',
    summary: 'Ask, and get the whole answer at once',
    contentType: 'application/json',
    takes: { headers: ASKING, body: questionBody },
    starts: true,
    isUnderFlag: false,
    handler: askWhole,
  },
]

export function chatPlugin(parts: ChatRoutesParts): HttpPlugin {
  return {
    name: 'chat',
    register: (app, shell) => new ChatRoutes(parts, shell).register(app),
    dismiss: ownerIsOut => void parts.relay.dismiss(credential => isRevoked(credential, ownerIsOut, parts)),
  }
}

class ChatRoutes {
  readonly #parts: ChatRoutesParts & AskParts & { readonly observer: ChatRoutesObserver }
  readonly #questions: QuestionBytes

  constructor(parts: ChatRoutesParts, shell: HttpShell) {
    this.#parts = {
      observer: {},
      timers: systemTimers,
      ...parts,
      shell,
      admission: new Admission({
        ...parts,
        countWrong: request => shell.countWrong(request),
        isLocal: () => shell.isLocal,
      }),
    }
    this.#questions = new QuestionBytes(BODY_BYTES + parts.config().chatMaxQueryBytes * ESCAPED)
  }

  async register(app: FastifyInstance): Promise<void> {
    const { rollout, relay, keys, config } = this.#parts
    for (const route of ROUTES) this.#add(app, route)
    const summary = 'How the relay is doing'
    app.get(
      `${config().chatPrefix}/chat-stream/health`,
      { config: { rules: HEALTH }, schema: { summary, tags: TAGS } },
      () => chatHealth(rollout, relay.stats(), keys.names),
    )
    const recordRefusal = (refusal: Refusal, request: FastifyRequest) => this.#record(refusal, request)
    await passRoutes(app, { ...this.#parts, recordRefusal })
    await appRoutes(app, { ...this.#parts, recordRefusal })
  }

  #add(app: FastifyInstance, route: Route): void {
    const parts = this.#parts
    const { method, path, summary, contentType, takes, starts, isUnderFlag, handler } = route
    const { chatPrefix } = parts.config()
    const rules: RouteRules = {
      surface: 'other',
      access: 'relay',
      continues: request => !starts || isReconnect(request),
      // A closed route gives everybody the same answer, so no credential is verified.
      verifyCaller: async (presented, facts) =>
        this.#isOpen(route) ? parts.admission.verify(presented, facts, 'chat') : null,
      onRefusal: (refusal, request) => this.#refused(route, refusal, request),
    }
    const hasBody = method === 'POST'
    app.route({
      method,
      url: `${chatPrefix}${path}`,
      ...(hasBody ? { bodyLimit: this.#questions.longest } : {}),
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
        const isStart = starts && !isReconnect(request)
        await parts.admission.admit(request, reply, { isStart, isUnderFlag })
        // These routes name no model: the configured one is asked.
        if (isStart) checkModel(parts.admission.of(request).caller, parts.config().chatModel)
        if (!hasBody) return
        checkContentType(request)
        // An empty body is a missing query, not invalid JSON.
        if (request.headers['content-length'] === '0') questionIn(parts, undefined, 'body')
        this.#countBody(request)
      },
      onSend: async (_request, reply) => {
        parts.observer.onAnswer?.(reply.statusCode)
      },
      // A client that left during admission would not read what is begun now.
      handler: ((request, reply) =>
        starts && request.raw.socket.destroyed
          ? reply.hijack()
          : handler(parts, request, reply)) as RouteHandlerMethod,
    })
  }

  /** Until its body has come, or its connection is closed. Throws the refusal. */
  #countBody(request: FastifyRequest): void {
    const { caller, bypasses } = this.#parts.admission.of(request)
    const length = request.headers['content-length']
    const taken = this.#questions.take(
      bypasses ? null : caller.key,
      length === undefined ? null : Number(length),
    )
    if (taken === 'instance') throw busy('chat_cap', 'chat_full')
    if (taken === 'caller') throw rateLimited('chat_cap', 'too_many_questions_at_once')
    request.raw.once('close', taken)
  }

  #isOpen({ isUnderFlag }: Route): boolean {
    const { rollout, config } = this.#parts
    return isUnderFlag ? rollout.enabled : hasChatBackend(config())
  }

  /** Records the refusal of a caller; returns the operation, or null when the server itself is unable to answer. */
  #refused(route: Route, refusal: Refusal, request: FastifyRequest): SecurityOperation | null {
    return this.#isOpen(route) ? this.#record(refusal, request) : null
  }

  #record(refusal: Refusal, request: FastifyRequest): SecurityOperation | null {
    const record = recordOf(refusal)
    if (record === null) return null
    const { audit, clock, observer, admission } = this.#parts
    const { address, requestId, verified } = request.facts
    const person = verified?.person ?? null
    const key = admission.keyNameOf(request)
    audit.record({ ...record, address, requestId, person, key, atMs: clock.nowMs() })
    if (record.operation === 'security.rate_limit_violation') observer.onRateLimited?.()
    return record.operation
  }
}

/** An EventSource that reconnects by itself starts nothing. */
function isReconnect(request: Pick<FastifyRequest, 'method' | 'headers'> | IncomingMessage): boolean {
  return request.method === 'GET' && eventIdOf(request.headers['last-event-id']) !== null
}

function checkContentType(request: FastifyRequest): void {
  const type = request.headers['content-type']
  if (type !== undefined && !/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new HttpError('unsupported_media_type')
  }
}
