// GET /summary/health: always 200, with the state of loop, input and stream.
import type { FastifyInstance } from 'fastify'
import type { RouteRules } from '../../contract/plugin.js'
import { healthSchema } from '../health-document.js'

const RULES: RouteRules = { surface: 'resync', access: 'data' }

export function healthRoute(app: FastifyInstance, health: () => unknown): void {
  const summary = 'How the loop, the input and the stream are doing'
  const schema = { summary, tags: ['board'], response: { 200: healthSchema } }
  app.get('/summary/health', { config: { rules: RULES }, schema }, (_, reply) =>
    reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .send(Buffer.from(JSON.stringify(health()))),
  )
}
