// GET /summary/health: always 200; how the loop, the input and the stream are doing.
import type { FastifyInstance } from 'fastify'
import type { RouteRules } from '../../guards/seam.js'

const RULES: RouteRules = { surface: 'resync', access: 'data' }

export function healthRoute(app: FastifyInstance, health: () => unknown): void {
  const schema = { summary: 'How the loop, the input and the stream are doing', tags: ['board'] }
  app.get('/summary/health', { config: { rules: RULES }, schema }, (_, reply) =>
    reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .send(Buffer.from(JSON.stringify(health()))),
  )
}
