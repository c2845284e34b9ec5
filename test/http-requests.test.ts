// Requests that fail: errors, broken ones, limits of size and time.
import { afterEach, describe, expect, test } from 'vitest'
import { HttpError } from '../src/contract/errors.js'
import { TIME_LIMITS } from '../src/http/listeners.js'
import { problemDocument } from '../src/protocol/events.js'
import { RawClient, type Rig, raw, startRig } from './support/http-rig.js'

let rig: Rig
afterEach(() => rig.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${rig.url}${path}`, { headers })

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
  test('a fault of ours shows no detail, and the log has it', async () => {
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
  test('an HttpError of a plugin is answered with its code and headers', async () => {
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
  test('of a request with an unread body ends the connection', async () => {
    rig = await startRig()
    const client = new RawClient(rig.port, `${raw('POST /nothing', { 'Content-Length': '9000' })}begun`)
    await client.end()
    expect(client.status).toBe(404)
    expect(client.header('connection')).toBe('close')
  })
  test('a stream that is switched off is 404, and so is a ticket for it', async () => {
    rig = await startRig({ sseHttp: false })
    for (const [method, path] of [
      ['GET', '/summary/events'],
      ['POST', '/summary/ticket'],
    ] as const) {
      const response = await fetch(`${rig.url}${path}`, { method })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'stream_disabled' })
    }
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
  test('HTTP/1.1 without Host is refused like any other, HTTP/1.0 needs none', async () => {
    const client = await send('GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect(client.status).toBe(400)
    expect(client.header('content-type')).toBe('application/problem+json')
    expect(problemDocument.parse(JSON.parse(client.body))).toMatchObject({ code: 'bad_request' })
    expect(client.header('x-request-id')).toMatch(/^[0-9a-f]{24}$/)
    await rig.close()
    expect((await send('GET /livez HTTP/1.0\r\n\r\n')).status).toBe(200)
  })
  test('CONNECT is refused, and nothing after it is read', async () => {
    const client = await send(`${raw('CONNECT localhost:22')}${raw('GET /livez')}`)
    expect(client.status).toBe(400)
    expect(problemDocument.parse(JSON.parse(client.body))).toMatchObject({ code: 'bad_request' })
  })
})

describe('time limits', () => {
  test('are the promised ones', () => {
    expect(TIME_LIMITS).toMatchObject({ headMs: 10_000, requestMs: 30_000, inactiveMs: 30_000 })
    // Node may wait a second longer than configured.
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
