// GET /metrics: Prometheus text, or OpenMetrics when the client accepts it.
import type { FastifyInstance } from 'fastify'
import type { RouteRules } from '../../contract/plugin.js'
import { textAnswer } from '../zod-schemas.js'

export type MetricsText = (
  accept: string | undefined,
) => Promise<{ readonly contentType: string; readonly body: string }>

const RULES: RouteRules = { surface: 'metrics', access: 'data' }

export function metricsRoute(app: FastifyInstance, metrics: MetricsText): void {
  const schema = {
    summary: 'Prometheus metrics; OpenMetrics when the client accepts it',
    tags: ['probes'],
    response: textAnswer('The metrics'),
  }
  app.get('/metrics', { config: { rules: RULES }, schema }, async (request, reply) => {
    const { contentType, body } = await metrics(request.headers.accept)
    return reply.header('Content-Type', contentType).send(body)
  })
}
