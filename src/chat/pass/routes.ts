// The routes of other APIs (/v1): which there are, who may use them before the body is read, and how bodies are bounded. What
// they do is in ask.ts, forward.ts and responses.ts; resuming and stopping by the stream's id is that of every answer.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { z } from 'zod'
import { HttpError } from '../../contract/errors.js'
import type { RouteRules } from '../../contract/plugin.js'
import type { Refusal } from '../../contract/refusal.js'
import { backendsOf } from '../backends/backend.js'
import { durableParameters } from '../durable/query.js'
import { durableHead, readOrResume } from '../durable/routes.js'
import { QuestionBytes } from '../limits/question-bytes.js'
import { busy, rateLimited } from '../refused.js'
import { eventIdOf, resumeHeaders, resumeQuery, streamIdText } from '../request.js'
import { stop } from '../resume.js'
import type { AskParts } from '../start.js'
import { askPass } from './ask.js'
import { anthropicError, openAiError } from './errors.js'
import { forward, serving } from './forward.js'
import type { PassRoute } from './question.js'
import { cancelResponse, getResponse } from './responses.js'
import { anthropic } from './wires/anthropic.js'
import { openAiChat } from './wires/openai-chat.js'
import { openAiResponses } from './wires/openai-responses.js'

export type PassParts = AskParts & {
  /** Records a refusal; returns the operation, or null where none was recorded. */
  recordRefusal(refusal: Refusal, request: FastifyRequest): string | null
}

const PASS_ROUTES: readonly PassRoute[] = [
  { path: '/chat/completions', serves: 'chat', wire: openAiChat, errors: 'openai' },
  { path: '/completions', serves: 'completions', wire: openAiChat, errors: 'openai' },
  { path: '/responses', serves: 'responses', wire: openAiResponses, errors: 'openai' },
  { path: '/messages', serves: 'messages', wire: anthropic, errors: 'anthropic' },
]

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
const ALL_METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

type Route = {
  readonly methods: readonly Method[]
  readonly url: string
  readonly summary: string
  readonly contentType: string
  readonly errors: PassRoute['errors']
  /** It may cost money, so the rate limit counts it. */
  readonly starts: boolean
  readonly schema?: Readonly<Record<string, z.ZodType>>
  readonly handler: (parts: PassParts, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
}

const TAGS = ['pass-through']
const BODIES_PER_CALLER = 2
const BODIES_IN_ALL = 8
const CHECKED_BY_HANDLERS = () => (value: unknown) => ({ value })

function ask(route: PassRoute): Route {
  return {
    methods: ['POST'],
    url: `/v1${route.path}`,
    summary: `Passed on to a backend; with "stream": true the answer is logged and can be resumed`,
    contentType: 'text/event-stream',
    errors: route.errors,
    starts: true,
    handler: (parts, request, reply) => askPass(parts, route, request, reply),
  }
}

const SPENDS = { models: 'never', embeddings: 'always', others: 'counted' } as const

function passOn(methods: readonly Method[], url: string, served: 'models' | 'embeddings' | null): Route {
  const starts = served !== 'models'
  const rules = {
    hasModel: served === 'embeddings',
    starts,
    // What else there may be can create something at its backend.
    repeats: served !== null,
    isSilent: served === null,
    spends: SPENDS[served ?? 'others'],
  }
  return {
    methods,
    url,
    summary: 'Passed on to a backend, never logged',
    contentType: 'application/json',
    errors: 'openai',
    starts,
    handler: (parts, request, reply) => {
      const [path = ''] = request.url.slice('/v1'.length).split('?')
      const backends = serving(backendsOf(parts.config()), served)
      return forward(parts, request, reply, { ...rules, path, backends })
    },
  }
}

const STREAM = { params: z.object({ streamId: streamIdText }) }

const OWN_ROUTES: readonly Route[] = [
  ...PASS_ROUTES.map(ask),
  passOn(['GET'], '/v1/models', 'models'),
  passOn(['POST'], '/v1/embeddings', 'embeddings'),
  {
    methods: ['GET'],
    url: '/v1/streams/:streamId',
    summary: 'Resume: what follows Last-Event-ID (or ?after=), then live',
    contentType: 'text/event-stream',
    errors: 'openai',
    starts: false,
    schema: {
      ...STREAM,
      headers: z.object(resumeHeaders),
      querystring: z.object({ ...resumeQuery, ...durableParameters }),
    },
    handler: readOrResume,
  },
  {
    methods: ['HEAD'],
    url: '/v1/streams/:streamId',
    summary: 'Where the stream ends, by the Durable Streams protocol',
    contentType: 'text/plain',
    errors: 'openai',
    starts: false,
    schema: STREAM,
    handler: durableHead,
  },
  {
    methods: ['DELETE'],
    url: '/v1/streams/:streamId',
    summary: 'Stop',
    contentType: 'text/plain',
    errors: 'openai',
    starts: false,
    schema: STREAM,
    handler: stop,
  },
  {
    methods: ['GET'],
    url: '/v1/responses/:id',
    summary: 'A response; with stream=true what follows starting_after, then live',
    contentType: 'text/event-stream',
    errors: 'openai',
    starts: false,
    handler: getResponse,
  },
  {
    methods: ['POST'],
    url: '/v1/responses/:id/cancel',
    summary: 'Stop a response',
    contentType: 'application/json',
    errors: 'openai',
    starts: false,
    handler: cancelResponse,
  },
]

/** `G6_RELAY_PASS`: each a path, with a method before it or for all. What is there already stays as it is. */
function configured(entries: readonly string[]): readonly Route[] {
  const taken = new Set(OWN_ROUTES.flatMap(({ methods, url }) => methods.map(method => `${method} ${url}`)))
  return entries.flatMap(entry => {
    const [first = '', second] = entry.split(' ')
    const url = second ?? first
    const wanted = second === undefined ? ALL_METHODS : ALL_METHODS.filter(each => each === first)
    const methods = wanted.filter(method => !taken.has(`${method} ${url}`))
    for (const method of methods) taken.add(`${method} ${url}`)
    return methods.length === 0 ? [] : [passOn(methods, url, null)]
  })
}

export async function passRoutes(app: FastifyInstance, parts: PassParts): Promise<void> {
  const { relayMaxBodyBytes, relayPass } = parts.config()
  const bodies = new QuestionBytes(relayMaxBodyBytes, BODIES_PER_CALLER, BODIES_IN_ALL)
  await app.register(async scope => {
    // Bodies go on as they came.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    for (const route of [...OWN_ROUTES, ...configured(relayPass)]) {
      add(scope, route, parts, { limitBytes: relayMaxBodyBytes, bodies })
    }
  })
}

type Bodies = { readonly limitBytes: number; readonly bodies: QuestionBytes }

function add(app: FastifyInstance, route: Route, parts: PassParts, { limitBytes, bodies }: Bodies): void {
  const { admission, config, observer } = parts
  const isOpen = (): boolean => backendsOf(config()).length > 0
  const rules: RouteRules = {
    surface: 'other',
    access: 'relay',
    continues: ({ headers }) => !route.starts || eventIdOf(headers['last-event-id']) !== null,
    // A closed route gives everybody the same answer, so no credential is verified.
    verifyCaller: async (presented, facts) => (isOpen() ? admission.verify(presented, facts, 'pass') : null),
    onRefusal: (refusal, request) => (isOpen() ? parts.recordRefusal(refusal, request) : null),
    errorMembers: route.errors === 'anthropic' ? anthropicError : openAiError,
  }
  app.route({
    method: [...route.methods],
    url: route.url,
    bodyLimit: limitBytes,
    exposeHeadRoute: false,
    config: { rules },
    validatorCompiler: CHECKED_BY_HANDLERS,
    schema: {
      summary: route.summary,
      tags: TAGS,
      ...route.schema,
      response: { 200: { description: route.summary, content: { [route.contentType]: { schema: {} } } } },
    },
    onRequest: async (request, reply) => {
      if (!isOpen()) throw new HttpError('not_found')
      const isStart = route.starts && eventIdOf(request.headers['last-event-id']) === null
      await admission.admit(request, reply, { isStart, isUnderFlag: false, routes: 'pass' })
      const { 'content-length': length, 'transfer-encoding': coding } = request.headers
      if (length !== undefined || coding !== undefined) countBody(request, length)
    },
    onSend: async (_request, reply) => observer.onAnswer?.(reply.statusCode),
    // A client that left during admission would not read what is begun now.
    handler: ((request, reply) =>
      request.raw.socket.destroyed
        ? reply.hijack()
        : route.handler(parts, request, reply)) as RouteHandlerMethod,
  })

  /** Until its answer has been sent, or its connection is closed: a body is kept for the next backend until one answers. */
  function countBody(request: FastifyRequest, length: string | undefined): void {
    const { caller, bypasses } = admission.of(request)
    const taken = bodies.take(bypasses ? null : caller.key, length === undefined ? null : Number(length))
    if (taken === 'instance') throw busy('chat_cap', 'chat_full')
    if (taken === 'caller') throw rateLimited('chat_cap', 'too_many_questions_at_once')
    request.raw.once('close', taken)
  }
}
