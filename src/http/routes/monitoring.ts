// What supervisors and operators ask: GET /livez and /readyz (they hold no data, so they are open to all), GET /metrics (Prometheus
// text, or OpenMetrics when the client accepts it), and GET /summary/health (always 200, with the state of loop, input and stream).
import type { FastifyInstance } from 'fastify'
import type { HttpShell, RouteRules } from '../../contract/plugin.js'
import { healthSchema } from '../health-document.js'
import { textAnswer } from '../zod-schemas.js'

export type MonitoringParts = {
  readonly ready: () => { readonly ok: boolean; readonly reason: string }
  readonly metrics: (
    accept: string | undefined,
  ) => Promise<{ readonly contentType: string; readonly body: string }>
  readonly health: () => unknown
}

const PROBE: RouteRules = { surface: 'metrics', access: 'open' }
const METRICS: RouteRules = { surface: 'metrics', access: 'data' }
const HEALTH: RouteRules = { surface: 'resync', access: 'data' }
const TEXT = 'text/plain; charset=utf-8'

export function monitoringRoutes(
  app: FastifyInstance,
  shell: HttpShell,
  { ready, metrics, health }: MonitoringParts,
): void {
  const tags = ['probes']
  const probe = (summary: string) => ({
    config: { rules: PROBE },
    schema: { summary, tags, response: textAnswer('`ok`, or 503 and why not') },
  })
  app.get('/livez', probe('The process answers'), (_, reply) =>
    reply.header('Content-Type', TEXT).send('ok\n'),
  )
  app.get('/readyz', probe('A board is served and the server is not about to stop'), (_, reply) => {
    const { ok, reason } = shell.draining ? { ok: false, reason: 'draining' } : ready()
    return reply
      .code(ok ? 200 : 503)
      .header('Content-Type', TEXT)
      .send(ok ? 'ok\n' : `not ready: ${reason}\n`)
  })

  const metricsSchema = {
    summary: 'Prometheus metrics; OpenMetrics when the client accepts it',
    tags,
    response: textAnswer('The metrics'),
  }
  app.get('/metrics', { config: { rules: METRICS }, schema: metricsSchema }, async (request, reply) => {
    const { contentType, body } = await metrics(request.headers.accept)
    return reply.header('Content-Type', contentType).send(body)
  })

  healthRoute(app, health)
}

/** The state is in the document: the status is 200. */
export function healthRoute(app: FastifyInstance, health: () => unknown): void {
  const healthSummary = 'How the loop, the input and the stream are doing'
  const answers = { summary: healthSummary, tags: ['board'], response: { 200: healthSchema } }
  app.get('/summary/health', { config: { rules: HEALTH }, schema: answers }, (_, reply) =>
    reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .send(Buffer.from(JSON.stringify(health()))),
  )
}
