// Everything that is no stream: documents, errors, limits of the request side, ports.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { HttpError } from '../src/guards/errors.js'
import { healthDocument, healthSchema } from '../src/http/health-document.js'
import type { ListenerPlan } from '../src/http/listen-plan.js'
import { TIME_LIMITS } from '../src/http/listeners.js'
import { clientFilePlugin } from '../src/http/routes/client-file.js'
import { problemDocument, resyncDocument } from '../src/protocol/events.js'
import { ALL_ROUTES, BOARD, RawClient, type Rig, raw, settle, startRig } from './support/http-rig.js'

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
  test('health is what it is told, always 200', async () => {
    const facts = { result: null, hub: null, version: '1', uptimeSec: 1, draining: false }
    rig = await startRig({}, { health: () => healthDocument(facts) })
    const response = await get('/summary/health')
    expect(response.status).toBe(200)
    expect(healthSchema.parse(await response.json())).toMatchObject({ ok: true, status: 'starting' })
  })
  test('readiness says why not', async () => {
    rig = await startRig({}, { ready: () => ({ ok: false, reason: 'no board yet' }) })
    const response = await get('/readyz')
    expect(response.status).toBe(503)
    expect(await response.text()).toBe('not ready: no board yet\n')
    const live = await get('/livez')
    expect(live.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await live.text()).toBe('ok\n')
  })
  test('metrics are asked for in the form the scraper accepts', async () => {
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

describe('errors', () => {
  test('are small problem documents with the request id', async () => {
    rig = await startRig()
    const response = await get('/nothing?x=1', { 'X-Request-ID': 'r7' })
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(problemDocument.parse(await response.json())).toEqual({
      type: 'urn:g6-stream:error:not_found',
      title: 'Not found',
      status: 404,
      code: 'not_found',
      detail: 'There is nothing at this address.',
      request_id: 'r7',
    })
  })
  test.each([
    ['POST', '/summary/events', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/summary/resync', 'GET, HEAD, OPTIONS'],
    ['GET', '/summary/ticket', 'POST, OPTIONS'],
    ['PROPFIND', '/livez', 'GET, HEAD, OPTIONS'],
    ['PUT', '/schemas/hello.json', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405 and names what is allowed', async (method, path, allow) => {
    rig = await startRig()
    const client = new RawClient(rig.port, raw(`${method} ${path}`, { Connection: 'close' }))
    await client.end()
    expect(client.status).toBe(405)
    expect(client.header('allow')).toBe(allow)
    expect(client.body).toContain('"code":"method_not_allowed"')
  })
  test('a fault of ours says nothing about itself, and the log has it', async () => {
    const health = () => {
      throw new Error('secret detail in /srv/file')
    }
    rig = await startRig({}, { health })
    const response = await get('/summary/health', { 'X-Request-ID': 'r8' })
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).toContain('"code":"internal"')
    expect(text).not.toContain('secret')
    expect(rig.logged()).toMatchObject([{ requestId: 'r8', route: '/summary/health', msg: 'request failed' }])
  })
  test('what a plugin throws of the table is answered as such, with its headers', async () => {
    const register: NonNullable<Parameters<typeof startRig>[1]>['plugins'] = [
      {
        name: 'test',
        register: app => {
          const rules = { surface: 'other', access: 'relay' } as const
          app.post('/x', { config: { rules } }, () => {
            throw new HttpError('starting', 'not yet', { 'Retry-After': '9' })
          })
        },
      },
    ]
    rig = await startRig({}, { plugins: register })
    const response = await fetch(`${rig.url}/x`, { method: 'POST' })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('9')
    expect(await response.json()).toMatchObject({ detail: 'not yet' })
    const big = await fetch(`${rig.url}/x`, { method: 'POST', body: 'x'.repeat(70_000) })
    expect(big.status).toBe(413)
    expect(await big.json()).toMatchObject({ code: 'body_too_large' })
    const json = { 'Content-Type': 'application/json' }
    expect((await fetch(`${rig.url}/x`, { method: 'POST', body: '{', headers: json })).status).toBe(400)
    const xml = { 'Content-Type': 'application/xml' }
    expect((await fetch(`${rig.url}/x`, { method: 'POST', body: '<a/>', headers: xml })).status).toBe(415)
  })
  test('a path that cannot be decoded is 400', async () => {
    rig = await startRig()
    const client = new RawClient(rig.port, raw('GET /%ff%', { Connection: 'close', 'X-Request-ID': 'r9' }))
    await client.end()
    expect([400, 404]).toContain(client.status)
    expect(client.header('x-request-id')).toBe('r9')
  })
})

describe('broken requests', () => {
  const send = async (text: string) => {
    rig = await startRig()
    const client = new RawClient(rig.port, text)
    await client.end()
    return client
  }
  test('no HTTP at all is 400', async () => {
    const client = await send('hello\r\n\r\n')
    expect(client.status).toBe(400)
    expect(client.header('content-type')).toBe('application/problem+json')
    expect(client.body).toContain('"code":"bad_request"')
  })
  test('a target that names no resource is 400', async () => {
    expect((await send(raw('OPTIONS *'))).status).toBe(400)
  })
  test('headers over 16 KiB are 431', async () => {
    const client = await send(raw('GET /livez', { 'X-Big': 'x'.repeat(17_000) }))
    expect(client.status).toBe(431)
    expect(client.body).toContain('"code":"headers_too_large"')
  })
  test('a request line over 8 KiB is 414', async () => {
    const client = await send(raw(`GET /summary/events?panels=${'x'.repeat(9_000)}`, { Connection: 'close' }))
    expect(client.status).toBe(414)
  })
  test('a request line over 16 KiB is 414 too', async () => {
    expect((await send(raw(`GET /${'x'.repeat(40_000)}`))).status).toBe(414)
    await rig.close()
    expect((await send(raw(`GET /${'x'.repeat(200_000)}`))).status).toBe(414)
  })
  test('two requests in one by a smuggled length are refused', async () => {
    const client = await send(
      raw('POST /summary/ticket', { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }),
    )
    expect(client.status).toBe(400)
  })
  test('HTTP/1.1 without Host is 400', async () => {
    expect((await send('GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')).status).toBe(400)
  })
})

describe('time limits', () => {
  test('are those that are promised', () => {
    expect(TIME_LIMITS).toMatchObject({ headMs: 10_000, requestMs: 30_000, inactiveMs: 30_000 })
    // Node may wait a second longer than it is told.
    expect(TIME_LIMITS.nextRequestMs + 1_000).toBeLessThanOrEqual(5_000)
  })
  test('end a connection that sends nothing, half a head, or no second request', async () => {
    const timeLimits = { ...TIME_LIMITS, headMs: 1_000, nextRequestMs: 100, checkEveryMs: 100 }
    rig = await startRig({}, { timeLimits })
    const silent = new RawClient(rig.port, '')
    const slow = new RawClient(rig.port, 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
    const idle = new RawClient(rig.port, raw('GET /livez'))
    await Promise.all([silent.end(), slow.end(), idle.end()])
    expect(idle.body).toContain('ok\n')
    expect(slow.status).toBe(408)
    expect(silent.text.includes('200')).toBe(false)
  })
})

describe('ports', () => {
  const plan = (name: string, ...surfaces: ListenerPlan['surfaces']): ListenerPlan => ({
    name,
    port: 0,
    setting: 'G6_TEST_PORT',
    surfaces,
  })
  test('each answers the routes of its surfaces and no others', async () => {
    const listeners = [
      ALL_ROUTES,
      plan('stream', 'stream'),
      plan('metrics', 'metrics'),
      plan('resync', 'resync'),
    ]
    rig = await startRig({}, { listeners })
    const has: Record<string, string[]> = {}
    for (const { name, url } of rig.urls) {
      has[name] = []
      for (const path of [
        '/summary/events',
        '/summary/resync',
        '/summary/health',
        '/metrics',
        '/livez',
        '/openapi.json',
      ]) {
        const response = await fetch(`${url}${path}`, { method: 'HEAD' })
        if (response.status === 200) has[name].push(path)
        else expect(response.status).toBe(404)
      }
    }
    expect(has).toEqual({
      unified: [
        '/summary/events',
        '/summary/resync',
        '/summary/health',
        '/metrics',
        '/livez',
        '/openapi.json',
      ],
      stream: ['/summary/events'],
      metrics: ['/metrics', '/livez'],
      resync: ['/summary/resync', '/summary/health'],
    })
  })
  test('one in use is an error that names it and its setting, and opens none', async () => {
    rig = await startRig()
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    const address = taken.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await settle()
    const before = process.getActiveResourcesInfo().filter(name => name === 'TCPServerWrap').length
    const listeners = [ALL_ROUTES, { ...plan('stream', 'stream'), port, setting: 'G6_SSE_HTTP_PORT' }]
    await expect(startRig({}, { listeners })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: the port is in use (G6_SSE_HTTP_PORT)`,
    )
    await settle()
    expect(process.getActiveResourcesInfo().filter(name => name === 'TCPServerWrap').length).toBe(before)
    taken.close()
  })
  test('that cannot take connections for a while stay open, and say so once a minute', async () => {
    rig = await startRig()
    // Node tells a server of a failed accept by its `error`; the server itself is found by a connection it did take.
    let server: Server | undefined
    const onSocket = (message: unknown): void => {
      server = (message as { readonly socket: Socket & { readonly server: Server } }).socket.server
    }
    subscribe('net.server.socket', onSocket)
    await get('/livez').finally(() => unsubscribe('net.server.socket', onSocket))
    const fault = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' })
    for (let i = 0; i < 3; i++) server?.emit('error', fault)
    expect((await get('/livez')).status).toBe(200)
    const said = () => rig.logged().filter(({ code }) => code === 'EMFILE')
    expect(said()).toMatchObject([{ listener: 'unified', msg: expect.stringContaining('stays open') }])
    rig.pass(60_000)
    server?.emit('error', fault)
    expect(said()).toHaveLength(2)
  })
  test('beyond this machine without a token is refused at start', async () => {
    rig = await startRig()
    const open = { httpHost: '0.0.0.0' }
    await expect(startRig(open)).rejects.toThrow('G6_ALLOW_OPEN=1')
    const warned = await startRig({ ...open, allowOpen: true })
    expect(warned.logged()).toMatchObject([{ level: 40 }])
    await warned.close()
    const guarded = await startRig({ ...open, sseApiToken: 'x' })
    expect(guarded.logged()).toEqual([])
    await guarded.close()
  })
  test('a route that says no rules is a fault found at start', async () => {
    rig = await startRig()
    const plugin = {
      name: 'bad',
      register: (app: { get(url: string, h: () => string): unknown }) => void app.get('/y', () => ''),
    }
    await expect(startRig({}, { plugins: [plugin] })).rejects.toThrow('/y says no rules')
  })
})

test('the client file is 304 to whoever has it, though a proxy made its tag weak', async () => {
  const here = new URL(import.meta.url)
  rig = await startRig({}, { plugins: [clientFilePlugin([here])] })
  const etag = (await get('/client.js')).headers.get('etag') ?? ''
  for (const known of [etag, `W/${etag}`, `"older", ${etag}`]) {
    expect((await get('/client.js', { 'If-None-Match': known })).status).toBe(304)
  }
  expect((await get('/client.js', { 'If-None-Match': '"older"' })).status).toBe(200)
})

test('without a hub there is neither stream nor resync', async () => {
  rig = await startRig({}, { hub: null })
  expect((await get('/summary/events')).status).toBe(404)
  expect((await get('/summary/resync')).status).toBe(404)
  expect((await get('/livez')).status).toBe(200)
})

test('closing waits for an answer under way', async () => {
  let finish: (() => void) | null = null
  const asked = new Promise<void>(resolve => {
    finish = resolve
  })
  let answer: () => void = () => {}
  const metrics = () => {
    finish?.()
    return new Promise<{ contentType: string; body: string }>(resolve => {
      answer = () => resolve({ contentType: 'text/plain', body: 'late' })
    })
  }
  rig = await startRig({}, { metrics })
  const response = get('/metrics')
  await asked
  const closed = rig.close()
  answer()
  expect(await (await response).text()).toBe('late')
  await closed
})
