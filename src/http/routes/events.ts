// GET /summary/events: the stream. Everything is decided and checked here; then the connection belongs to the hub.
import type { FastifyInstance } from 'fastify'
import type { HttpShell, RouteRules } from '../../guards/seam.js'
import type { HubLike } from '../../hub/hub-types.js'
import { DOCUMENT_HEADERS } from '../answer-headers.js'
import type { HttpConfig } from '../http-config.js'
import { panelSubset, type StreamQuery, streamForm, streamQuery } from '../queries.js'
import type { StreamOpener } from '../stream-opener.js'

export type EventsParts = {
  readonly config: () => HttpConfig
  readonly hub: HubLike
  readonly panelKeys: () => ReadonlySet<string>
  readonly shell: HttpShell
  readonly opener: StreamOpener
}

const RULES: RouteRules = { surface: 'stream', access: 'stream' }

export function eventsRoutes(app: FastifyInstance, parts: EventsParts): void {
  const { config, hub, panelKeys, shell, opener } = parts
  for (const url of ['/summary/events', '/summary/stream']) {
    app.route<{ Querystring: StreamQuery }>({
      method: ['GET', 'HEAD'],
      url,
      config: { rules: RULES },
      schema: {
        summary: 'The stream of panel updates (text/event-stream)',
        description: 'Events are described under /schemas.',
        tags: ['stream'],
        querystring: streamQuery,
      },
      handler: (request, reply) => {
        const { query } = request
        const subset = panelSubset(query.panels, panelKeys())
        const form = streamForm(query, config().sseStructured)
        const options = { gzip: config().sseGzip, counted: true }
        if (request.method === 'HEAD') {
          const { headers } = opener.describe(request, options)
          for (const name of Object.keys(DOCUMENT_HEADERS)) void reply.removeHeader(name)
          const { 'Transfer-Encoding': _, ...described } = headers
          reply.hijack()
          reply.raw.writeHead(200, described).end()
          return
        }
        const header = request.headers['last-event-id']
        const lastEventId = (Array.isArray(header) ? header[0] : header) ?? query.last_event_id ?? null
        const { owner } = request.facts
        const stream = shell.openStream(request, reply, options)
        if (stream !== null) hub.join({ ...stream, ...form, subset, lastEventId, owner })
      },
    })
  }
}
