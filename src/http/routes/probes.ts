// GET /livez, /readyz: for supervisors and load balancers. They hold no data, so they are open to all.
import type { FastifyInstance } from 'fastify'
import type { HttpShell, RouteRules } from '../../contract/plugin.js'
import { textAnswer } from '../zod-schemas.js'

export type Readiness = { readonly ok: boolean; readonly reason: string }

const RULES: RouteRules = { surface: 'metrics', access: 'open' }
const TEXT = 'text/plain; charset=utf-8'

export function probeRoutes(app: FastifyInstance, shell: HttpShell, ready: () => Readiness): void {
  const config = { rules: RULES }
  const tags = ['probes']
  const response = textAnswer('`ok`, or 503 and why not')
  const live = { summary: 'The process answers', tags, response }
  app.get('/livez', { config, schema: live }, (_, reply) => reply.header('Content-Type', TEXT).send('ok\n'))
  const isReady = { summary: 'A board is served and the server is not about to stop', tags, response }
  app.get('/readyz', { config, schema: isReady }, (_, reply) => {
    const { ok, reason } = shell.draining ? { ok: false, reason: 'draining' } : ready()
    return reply
      .code(ok ? 200 : 503)
      .header('Content-Type', TEXT)
      .send(ok ? 'ok\n' : `not ready: ${reason}\n`)
  })
}
