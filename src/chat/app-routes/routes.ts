// The routes of apps, `[[relay.route]]`: POST passes a request on, GET comes back to its stream, DELETE stops it. They are fixed
// when the server starts, and added behind all of the server's own.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { z } from 'zod'
import type { RouteRules } from '../../contract/plugin.js'
import type { Refusal } from '../../contract/refusal.js'
import { QuestionBytes } from '../limits/question-bytes.js'
import { busy, rateLimited } from '../refused.js'
import { resumeHeaders } from '../request.js'
import type { AskParts } from '../start.js'
import { type AppRoute, appRoute, askApp } from './ask.js'
import { overlaps } from './own-paths.js'
import { routeOwner } from './owner.js'
import { resumeApp, stopApp } from './return.js'

export type AppRouteParts = AskParts & {
  /** Records a refusal; returns the operation, or null where none was recorded. */
  recordRefusal(refusal: Refusal, request: FastifyRequest): string | null
}

type Handler = (
  parts: AskParts,
  route: AppRoute,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown>
type Kind = {
  readonly method: 'POST' | 'GET' | 'DELETE'
  /** After the route's path. */
  readonly path: string
  readonly summary: string
  readonly contentType: string
  readonly handler: Handler
}

const STREAM = '/:streamName/stream'
const KINDS: readonly Kind[] = [
  {
    method: 'POST',
    path: '',
    summary: 'Passed on to the app; an event stream in answer can be resumed',
    contentType: 'text/event-stream',
    handler: askApp,
  },
  {
    method: 'GET',
    path: STREAM,
    summary: 'The running answer of this chat, from its start or after Last-Event-ID',
    contentType: 'text/event-stream',
    handler: resumeApp,
  },
  { method: 'DELETE', path: STREAM, summary: 'Stop', contentType: 'text/plain', handler: stopApp },
]

const TAGS = ['apps']
const BODIES_PER_CALLER = 2
const BODIES_IN_ALL = 8
const CHECKED_BY_HANDLERS = () => (value: unknown) => ({ value })

/** `templates`: of all routes of the server's own. Throws where a route of an app is one of them. */
function checkPaths(paths: readonly string[], templates: readonly string[]): void {
  for (const path of paths.flatMap(each => [each, `${each}${STREAM}`])) {
    const own = templates.find(each => overlaps(each, path))
    if (own === undefined) continue
    throw new Error(
      `[[relay.route]]: the path ${path} is one of the server's own (${own}); take another path`,
    )
  }
}

export async function appRoutes(app: FastifyInstance, parts: AppRouteParts): Promise<void> {
  const { relayRoutes, relayMaxBodyBytes } = parts.config()
  if (relayRoutes.length === 0) return
  const paths = relayRoutes.map(({ path }) => path)
  checkPaths(paths, parts.shell.templates)
  const bodies = new QuestionBytes(relayMaxBodyBytes, BODIES_PER_CALLER, BODIES_IN_ALL)
  await app.register(async scope => {
    // Bodies go on as they came.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    for (const table of relayRoutes) {
      const route = appRoute(table)
      for (const kind of KINDS) add(scope, parts, route, kind, { bodies, limitBytes: relayMaxBodyBytes })
    }
  })
}

function add(
  app: FastifyInstance,
  parts: AppRouteParts,
  route: AppRoute,
  { method, path, summary, contentType, handler }: Kind,
  { bodies, limitBytes }: { readonly bodies: QuestionBytes; readonly limitBytes: number },
): void {
  const { admission, observer } = parts
  const { table } = route
  const rules: RouteRules = {
    surface: 'other',
    access: 'relay',
    ownCredentials: true,
    continues: request => request.method !== 'POST',
    onRefusal: (refusal, request) => parts.recordRefusal(refusal, request),
  }
  app.route({
    method,
    url: `${table.path}${path}`,
    bodyLimit: limitBytes,
    exposeHeadRoute: false,
    config: { rules },
    validatorCompiler: CHECKED_BY_HANDLERS,
    schema: {
      summary,
      tags: TAGS,
      ...(path === ''
        ? {}
        : { params: z.object({ streamName: z.string() }), headers: z.object(resumeHeaders) }),
      response: { 200: { description: summary, content: { [contentType]: { schema: {} } } } },
    },
    onRequest: async (request, reply) => {
      const owner = routeOwner(table.owner, request.headers)
      await admission.admitForApp(request, reply, { owner, isStart: method === 'POST' })
      if (method !== 'POST') return
      const length = request.headers['content-length']
      const { caller } = admission.of(request)
      const held = bodies.take(caller.key, length === undefined ? null : Number(length))
      if (held === 'instance') throw busy('chat_cap', 'chat_full')
      if (held === 'caller') throw rateLimited('chat_cap', 'too_many_questions_at_once')
      request.raw.once('close', held)
    },
    onSend: async (_request, reply) => observer.onAnswer?.(reply.statusCode),
    handler: ((request, reply) =>
      request.raw.socket.destroyed
        ? reply.hijack()
        : handler(parts, route, request, reply)) as RouteHandlerMethod,
  })
}
