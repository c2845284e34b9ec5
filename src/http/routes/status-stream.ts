// GET /events and /events/stats: the status stream (ingest.md 2), behind the same guards as the summary stream.
import { z } from 'zod'
import { HttpError } from '../../contract/errors.js'
import type { HttpPlugin, RouteRules } from '../../contract/plugin.js'
import type { StatusHub } from '../../hub/status-hub.js'
import { statusStats } from '../../protocol/status-events.js'
import type { HttpConfig } from '../http-config.js'

const STREAM: RouteRules = { surface: 'stream', access: 'stream' }
const DATA: RouteRules = { surface: 'stream', access: 'data' }

const MAX_TYPES = 32
const MAX_BACKLOG = 2048
const ONCE = 'must be given once'

const statusStreamQuery = z.object({
  types: z
    .string(ONCE)
    .max(1_000, 'must not be longer than 1000 characters')
    .optional()
    .describe('Event types, comma separated; without it, all. Unknown types never come.'),
  last_id: z
    .string(ONCE)
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .optional()
    .describe('The last id seen; wins over Last-Event-ID.'),
  backlog: z
    .string(ONCE)
    .regex(/^\d{1,6}$/, 'must be a whole number')
    .optional()
    .describe(`The newest N past events first, at most ${MAX_BACKLOG}.`),
  force_full: z.enum(['0', '1'], 'must be 0 or 1').optional().describe('1: begin with the whole status.'),
  ticket: z.string(ONCE).optional().describe('A ticket from POST /summary/ticket, instead of a token.'),
})
type Query = z.infer<typeof statusStreamQuery>

/** Null = all. */
function typesOf(text: string | undefined): ReadonlySet<string> | null {
  if (text === undefined) return null
  const types = text.split(',').map(type => type.trim())
  if (types.length > MAX_TYPES || types.some(type => !/^[a-z][a-z0-9_]{0,39}$/.test(type))) {
    throw new HttpError(
      'bad_request',
      `types must be up to ${MAX_TYPES} names of a-z, 0-9 and _, comma separated`,
    )
  }
  return new Set(types)
}

/** Null: the client has seen none. An id that we cannot have sent is treated like one long gone. */
function lastIdOf(query: string | undefined, header: string | string[] | undefined): number | null {
  const text = query ?? (Array.isArray(header) ? header[0] : header)
  if (text === undefined || text === '') return null
  const id = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(id) ? id : 0
}

export function statusStreamPlugin(hub: StatusHub, config: () => Pick<HttpConfig, 'sseGzip'>): HttpPlugin {
  return {
    name: 'status-stream',
    register(app, shell) {
      app.route<{ Querystring: Query }>({
        method: ['GET', 'HEAD'],
        url: '/events',
        config: { rules: STREAM },
        schema: {
          summary: 'The status stream: whole statuses and their differences (text/event-stream)',
          tags: ['stream'],
          querystring: statusStreamQuery,
        },
        handler: (request, reply) => {
          const { query } = request
          const types = typesOf(query.types)
          const options = { gzip: config().sseGzip, counted: true }
          if (request.method === 'HEAD') return shell.answerHead(request, reply, options)
          const lastId = lastIdOf(query.last_id, request.headers['last-event-id'])
          const { owner } = request.facts
          const stream = shell.openStream(request, reply, options)
          if (stream === null) return
          hub.join({
            ...stream,
            types,
            lastId,
            backlog: Math.min(Number(query.backlog ?? 0), MAX_BACKLOG),
            forceFull: query.force_full === '1',
            owner,
          })
          return
        },
      })
      app.route({
        method: 'GET',
        url: '/events/stats',
        config: { rules: DATA },
        schema: {
          summary: 'The status stream in numbers',
          tags: ['stream'],
          response: { 200: statusStats },
        },
        handler: () => hub.stats(),
      })
    },
  }
}
