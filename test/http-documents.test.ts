// The documents of the server: resync, health, probes, metrics, descriptions, the client file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { type HealthFacts, healthDocument, healthSchema } from '../src/http/health-document.js'
import { clientFilePlugin } from '../src/http/routes/built-files.js'
import { resyncDocument } from '../src/protocol/events.js'
import { BOARD, RawClient, type Rig, raw, startRig } from './support/http-rig.js'

let rig: Rig
afterEach(() => rig.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${rig.url}${path}`, { headers })

describe('resync', () => {
  test('is the board, with an ETag that is its id', async () => {
    rig = await startRig()
    const response = await get('/summary/resync')
    expect(response.headers.get('etag')).toBe('"e1-1"')
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const document = resyncDocument.parse(await response.json())
    expect(document).toMatchObject({ epoch: 'e1', generation: 1, cycle: 1, ts: BOARD.builtAtMs })
    expect(Object.keys(document.panels)).toEqual(['indices', 'alerts'])
    expect(document.panels.indices).toEqual({
      hash: BOARD.panels.get('indices')?.hash,
      title: 'INDICES',
      tone: 'ok',
      lines: ['NIFTY 1'],
      since: 1,
    })
    expect(rig.resyncs()).toBe(1)
  })
  test('of some panels, with blocks', async () => {
    rig = await startRig()
    const response = await get('/summary/resync?panels=alerts&view=blocks')
    expect(response.headers.get('etag')).toMatch(/^"e1-1-[0-9a-f]{6}"$/)
    const document = resyncDocument.parse(await response.json())
    expect(Object.keys(document.panels)).toEqual(['alerts'])
    expect(document.panels.alerts?.blocks).toEqual([{ kind: 'text', text: 'none' }])
  })
  test.each(['"e1-1"', 'W/"e1-1"', '"x", "e1-1"', '*'])(
    'If-None-Match %s is 304 without a body',
    async tag => {
      rig = await startRig()
      const client = new RawClient(
        rig.port,
        raw('GET /summary/resync', { 'If-None-Match': tag, Connection: 'close' }),
      )
      await client.end()
      expect(client.status).toBe(304)
      expect(client.header('etag')).toBe('"e1-1"')
      expect(client.body).toBe('')
    },
  )
  test('follows the board', async () => {
    rig = await startRig()
    await get('/summary/resync')
    rig.hub.board = { ...BOARD, generation: 2, cycle: 9 }
    const response = await get('/summary/resync', { 'If-None-Match': '"e1-1"' })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ generation: 2, cycle: 9 })
  })
  test('before the first board: 503, soon', async () => {
    rig = await startRig()
    rig.hub.board = null
    const response = await get('/summary/resync')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toMatchObject({ code: 'starting' })
  })
  test('of unknown panels is 400, switched off it is 404', async () => {
    rig = await startRig()
    expect((await get('/summary/resync?panels=x')).status).toBe(400)
    await rig.close()
    rig = await startRig({ disableResyncHttp: true })
    const off = await get('/summary/resync')
    expect(off.status).toBe(404)
    expect(await off.json()).toMatchObject({ code: 'resync_disabled' })
  })
})

describe('health, probes, metrics, descriptions', () => {
  test('health answers with the given document, always 200', async () => {
    const facts: HealthFacts = {
      result: null,
      hub: null,
      streams: 0,
      version: '1',
      uptimeSec: 1,
      draining: false,
      verdict: { word: 'unknown', reasons: ['no board yet'] },
      timezone: 'UTC',
      numberFormat: 'plain',
    }
    rig = await startRig({}, { health: () => healthDocument(facts) })
    const response = await get('/summary/health')
    expect(response.status).toBe(200)
    expect(healthSchema.parse(await response.json())).toMatchObject({ ok: true, status: 'starting' })
  })
  test('readiness gives the reason', async () => {
    rig = await startRig({}, { ready: () => ({ ok: false, reason: 'no board yet' }) })
    const response = await get('/readyz')
    expect(response.status).toBe(503)
    expect(await response.text()).toBe('not ready: no board yet\n')
    const live = await get('/livez')
    expect(live.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await live.text()).toBe('ok\n')
  })
  test('metrics come in the form that the scraper accepts', async () => {
    rig = await startRig()
    const response = await get('/metrics', { Accept: 'application/openmetrics-text' })
    expect(await response.text()).toBe('accept application/openmetrics-text\n')
  })
  test('the description names every route, the schemas every event', async () => {
    rig = await startRig()
    const document = (await (await get('/openapi.json')).json()) as { paths: object; openapi: string }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/summary/events',
        '/summary/resync',
        '/summary/health',
        '/metrics',
        '/summary/ticket',
      ]),
    )
    expect(await (await get('/schemas/panel_update.json')).json()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: expect.arrayContaining(['cycle', 'generation', 'ts', 'updates']),
    })
    expect((await get('/schemas/nope.json')).status).toBe(404)
    expect((await get('/schemas/..%2f..%2fpackage.json')).status).toBe(404)
  })
  test.each(['/livez', '/summary/health', '/summary/resync', '/metrics', '/openapi.json', '/nothing'])(
    '%s carries the security headers',
    async path => {
      rig = await startRig()
      const { headers } = await get(path)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-request-id')).not.toBeNull()
    },
  )
  test('HEAD is GET without a body', async () => {
    rig = await startRig()
    for (const path of ['/livez', '/summary/health', '/summary/resync', '/metrics']) {
      const response = await fetch(`${rig.url}${path}`, { method: 'HEAD' })
      expect(response.status).toBe(200)
      expect(await response.text()).toBe('')
    }
  })
})

test.each(['client.js', 'chat-client.js', 'resumable-fetch.js'])(
  '%s is served as a module, and 304 to a client that has it, even with a tag that a proxy made weak',
  async name => {
    const folder = mkdtempSync(join(tmpdir(), 'g6-clients-'))
    writeFileSync(join(folder, name), `// ${name}`)
    rig = await startRig({}, { plugins: [clientFilePlugin([pathToFileURL(`${folder}/`)])] })
    const whole = await get(`/${name}`)
    expect([whole.status, whole.headers.get('content-type'), await whole.text()]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      `// ${name}`,
    ])
    const etag = whole.headers.get('etag') ?? ''
    for (const known of [etag, `W/${etag}`, `"older", ${etag}`]) {
      expect((await get(`/${name}`, { 'If-None-Match': known })).status).toBe(304)
    }
    expect((await get(`/${name}`, { 'If-None-Match': '"older"' })).status).toBe(200)
    rmSync(folder, { recursive: true })
  },
)

test('without a hub there is neither stream nor resync', async () => {
  rig = await startRig({}, { hub: null })
  expect((await get('/summary/events')).status).toBe(404)
  expect((await get('/summary/resync')).status).toBe(404)
  expect((await get('/livez')).status).toBe(200)
})
