// GET /livez, /readyz: for supervisors and load balancers. Text, without data, hence open to all.
import type { FastifyInstance } from 'fastify'
import type { HttpShell, RouteRules } from '../../guards/seam.js'

export type Readiness = { readonly ok: boolean; readonly reason: string }

const RULES: RouteRules = { surface: 'metrics', access: 'open' }
const TEXT = 'text/plain; charset=utf-8'

export function probeRoutes(app: FastifyInstance, shell: HttpShell, ready: () => Readiness): void {
  const config = { rules: RULES }
  app.get('/livez', { config, schema: { summary: 'The process answers', tags: ['probes'] } }, (_, reply) =>
    reply.header('Content-Type', TEXT).send('ok\n'),
  )
  app.get('/readyz', { config, schema: { summary: 'A board is served', tags: ['probes'] } }, (_, reply) => {
    const { ok, reason } = shell.draining ? { ok: false, reason: 'draining' } : ready()
    return reply
      .code(ok ? 200 : 503)
      .header('Content-Type', TEXT)
      .send(ok ? 'ok\n' : `not ready: ${reason}\n`)
  })
}
