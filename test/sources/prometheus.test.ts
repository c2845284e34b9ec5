// Prometheus as a source: a server that answers as its API and its exporters do.
import { afterEach, expect, test } from 'vitest'
import { HTTP_DEFAULTS, type PrometheusSpec } from '../../src/sources/declared.js'
import { createPrometheusSource } from '../../src/sources/prometheus.js'
import { documentServer } from '../support/document-server.js'
import { Readings } from '../support/readings.js'

const cleaning: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

async function asked(type: string, body: string, path: string, spec: Partial<PrometheusSpec> = {}) {
  const server = await documentServer((_, response) =>
    response.writeHead(200, { 'Content-Type': type }).end(body),
  )
  cleaning.push(() => server.close())
  const source = createPrometheusSource(
    { kind: 'prometheus', ...HTTP_DEFAULTS, url: `${server.url}${path}`, everyMs: 60_000, ...spec },
    { maxBytes: 1_000_000, userAgent: 'g6-stream/test' },
  )
  cleaning.push(() => source.close())
  return { server, readings: new Readings(source) }
}

const ANSWER = JSON.stringify({
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: { __name__: 'up', job: 'es' }, value: [1, '0'] }] },
})

test.each(['', '/', '/prometheus', '/prometheus/api/v1/query'])('an instant query at %j', async path => {
  const { server, readings } = await asked('application/json', ANSWER, path, { query: 'up == 0' })
  expect((await readings.good()).status).toEqual({ items: [{ metric: 'up', job: 'es', value: 0 }] })
  const { pathname, searchParams } = new URL(server.requests[0]?.url ?? '', server.url)
  expect(pathname).toBe(`${path.startsWith('/prometheus') ? '/prometheus' : ''}/api/v1/query`)
  expect(searchParams.get('query')).toBe('up == 0')
})

test('a page of metrics, and a page that is none', async () => {
  const page = await asked('text/plain; version=0.0.4', '# TYPE up gauge\nup{job="a"} 1\n', '/metrics')
  expect((await page.readings.good()).status).toEqual({ items: [{ metric: 'up', job: 'a', value: 1 }] })
  const none = await asked('text/html', '<p>', '/metrics')
  expect(await none.readings.bad()).toMatchObject({
    error: 'not_json',
    message: expect.stringMatching(/no page of metrics: line 1/),
  })
})
