// GET /summary/readers: who holds the places.
import type { FastifyInstance } from 'fastify'
import type { Connections } from '../../connection/connections.js'
import type { RouteRules } from '../../contract/plugin.js'
import { readersDocument } from '../../protocol/readers.js'
import type { HttpConfig } from '../http-config.js'

export type ReadersParts = {
  readonly config: () => Pick<HttpConfig, 'sseMaxConnections'>
  readonly connections: Connections
}

const RULES: RouteRules = { surface: 'resync', access: 'data' }
const MAX_READERS = 1_000

export function readersRoute(app: FastifyInstance, { config, connections }: ReadersParts): void {
  app.get(
    '/summary/readers',
    {
      config: { rules: RULES },
      schema: {
        summary: 'Who is connected: the newest 1 000 readers of board, status and answers',
        tags: ['stream'],
        response: { 200: readersDocument },
      },
    },
    () => ({
      streams: connections.streams,
      max_streams: config().sseMaxConnections,
      total: connections.total,
      readers: connections.newest(MAX_READERS),
    }),
  )
}
