// Who may ask, what may be asked, and the honest statuses before the first byte (chat.md 1), over real sockets.
import { afterEach, describe, expect, test } from 'vitest'
import {
  ask,
  ChatReader,
  type ChatRig,
  type ChatRigOptions,
  PREFIX,
  resume,
  startChatRig,
  stop,
} from '../support/chat-rig.js'

let rig: ChatRig | null = null
async function start(options: ChatRigOptions = {}): Promise<ChatRig> {
  rig = await startChatRig(options)
  return rig
}
afterEach(async () => {
  await rig?.close()
  rig = null
})

const turns = (count: number) => Array.from({ length: count }, () => ({ role: 'user', content: 'x' }))

describe('a question that cannot be asked is 400', () => {
  test.each([
    ['no query', {}, 'query is required'],
    ['a blank one', { query: ' \n' }, 'query is required'],
    ['one that is no text', { query: 7 }, 'query is required'],
    ['a repeated one', { query: ['a', 'b'] }, 'query is required'],
    ['no object', ['query'], 'query is required'],
  ])('%s', async (_, body, error) => {
    const here = await start()
    const reader = await ask(here, body).end()
    expect(reader.status).toBe(400)
    expect(reader.headers['content-type']).toBe('application/problem+json')
    expect(reader.json).toMatchObject({ status: 400, code: 'invalid_question', error })
    expect(here.mock.requests).toHaveLength(0)
    expect(here.limits.started).toHaveLength(1)
  })
  test.each([
    ['a query over the limit', { query: 'ä'.repeat(16_385) }],
    ['a history that is no list', { query: 'a', conversation_history: 'hi' }],
    ['a turn of another role', { query: 'a', conversation_history: [{ role: 'system', content: 'x' }] }],
    ['a turn without text', { query: 'a', conversation_history: [{ role: 'user', content: 7 }] }],
    ['201 turns', { query: 'a', conversation_history: turns(201) }],
    [
      'a history over 1 MiB',
      { query: 'a', conversation_history: [{ role: 'user', content: 'x'.repeat(1 << 20) }] },
    ],
  ])('%s', async (_, body) => {
    const here = await start()
    expect((await ask(here, body).end()).status).toBe(400)
    expect(here.mock.requests).toHaveLength(0)
  })
  test('at the limits it is asked', async () => {
    const here = await start()
    const body = { query: 'ä'.repeat(16_384), conversation_history: turns(200) }
    expect((await ask(here, body).end()).status).toBe(200)
    expect(here.mock.requests[0]?.method).toBe('POST')
    expect(here.mock.requests[0]?.body).toMatchObject(body)
  })
  test.each(['', '?query=', '?query=a&query=b', '?query=%20'])('GET with %j', async search => {
    const here = await start()
    const reader = await new ChatReader(`${here.base}/chat-stream${search}`).end()
    expect(reader.status).toBe(400)
    expect(reader.json).toMatchObject({ error: 'query parameter is required' })
  })
  test('a history of a GET that is no JSON, and JSON of a POST that does not parse', async () => {
    const here = await start()
    const url = `${here.base}/chat-stream?query=a&conversation_history=nope`
    expect((await new ChatReader(url).end()).status).toBe(400)
    expect((await ask(here, '{"query":').end()).status).toBe(400)
  })
})

test('another content type is 415, a body far over the limits 413', async () => {
  const here = await start()
  const url = `${here.base}/chat-stream`
  const plain = await new ChatReader(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'hi',
  }).end()
  expect(plain.status).toBe(415)
  expect((await ask(here, { query: 'x'.repeat(3 << 20) }).end()).status).toBe(413)
})

describe('with the flag off, or outside the rollout', () => {
  const body = { ok: false, code: 'feature_flag_disabled', flag: 'ENABLE_SSE_STREAMING', status: 403 }
  test.each([
    ['POST', '/chat-stream'],
    ['GET', '/chat-stream?query=a'],
    ['GET', '/chat-stream/AAAAAAAAAAAAAAAAAAAAAA'],
    ['DELETE', '/chat-stream/AAAAAAAAAAAAAAAAAAAAAA'],
    ['POST', '/chat'],
  ])('%s %s is 403', async (method, path) => {
    const here = await start()
    const given = method === 'POST' ? { body: { query: 'a' } } : {}
    here.flag.enabled = false
    const off = await new ChatReader(`${here.base}${path}`, { method, ...given }).end()
    expect([off.status, off.json]).toMatchObject([403, body])
    expect(here.records).toEqual([])
    here.flag.enabled = true
    here.flag.allows = false
    const outside = await new ChatReader(`${here.base}${path}`, { method, ...given }).end()
    expect([outside.status, outside.json]).toMatchObject([403, body])
    expect(here.records).toMatchObject([{ operation: 'security.forbidden', code: 'feature_flag_disabled' }])
    expect(here.mock.requests).toHaveLength(0)
  })
})

test("with the flag off nobody's token is looked at: 403, whoever it is", async () => {
  const here = await start({ http: { sseApiToken: 'server-token' } })
  here.flag.enabled = false
  for (const bearer of ['person:ann', 'nobody']) {
    const reader = await ask(here, undefined, { authorization: `Bearer ${bearer}` }).end()
    expect([reader.status, reader.json.code]).toEqual([403, 'feature_flag_disabled'])
  }
  expect(here.verified).toEqual([])
  expect((await ask(here).end()).status).toBe(401)
  here.flag.enabled = true
  expect((await ask(here, undefined, { authorization: 'Bearer nobody' }).end()).status).toBe(401)
  expect(here.verified).toEqual(['nobody'])
})

describe('limits', () => {
  test('over the rate: 429 with the seconds really left, before the body is looked at', async () => {
    const here = await start()
    here.limits.refuse = 'rate'
    const reader = await ask(here, '{"query":').end()
    expect(reader.status).toBe(429)
    expect(reader.headers['retry-after']).toBe('17')
    expect(reader.headers.ratelimit).toContain('t=17')
    expect(reader.json).toMatchObject({ ok: false, error: 'RATE_LIMIT_EXCEEDED', retryAfter: 17 })
    expect(here.records).toMatchObject([
      { operation: 'security.rate_limit_violation', code: 'rate', address: '127.0.0.1' },
    ])
  })
  test('too many of one user: 429; too many of all: 503', async () => {
    const here = await start()
    here.limits.refuse = 'user'
    const reader = await ask(here).end()
    expect(reader.status).toBe(429)
    expect(reader.json).toMatchObject({ error: 'RATE_LIMIT_EXCEEDED', retryAfter: 5 })
    here.limits.refuse = 'instance'
    const full = await ask(here).end()
    expect([full.status, full.headers['retry-after']]).toEqual([503, '5'])
    expect(here.mock.requests).toHaveLength(0)
  })
  test('an internal key passes both; counted is a person, else the address', async () => {
    const here = await start()
    await ask(here, undefined, { authorization: 'Bearer person:ann' }).end()
    await ask(here).end()
    expect(here.limits.started).toEqual(['u:iss|ann', 'a:127.0.0.1'])
    here.limits.refuse = 'rate'
    expect((await ask(here, undefined, { 'x-api-key': 'internal-key' }).end()).status).toBe(200)
    here.limits.refuse = 'instance'
    expect((await ask(here, undefined, { 'x-api-key': 'internal-key' }).end()).status).toBe(200)
    expect((await ask(here, undefined, { 'x-api-key': 'other' }).end()).status).toBe(503)
  })
  test('RateLimit headers are on the stream too, and every lease comes back', async () => {
    const here = await start()
    const reader = await ask(here).end()
    expect(reader.headers.ratelimit).toContain('r=19')
    expect(here.limits.leased).toBe(0)
  })
})

describe("the server's own guards", () => {
  test('addresses and user agents that are not listed are 403, and recorded', async () => {
    const here = await start({ http: { sseUaAllow: ['Friend/'] } })
    expect((await ask(here, undefined, { 'user-agent': 'Stranger/1' }).end()).status).toBe(403)
    expect((await ask(here, undefined, { 'user-agent': 'Friend/1' }).end()).status).toBe(200)
    expect(here.records[0]).toMatchObject({ operation: 'security.forbidden', address: '127.0.0.1' })
    here.rig.setConfig({ sseIpAllow: ['10.0.0.0/8'] })
    here.rig.server.reload()
    expect((await ask(here, undefined, { 'user-agent': 'Friend/1' }).end()).status).toBe(403)
    expect(here.mock.requests).toHaveLength(1)
  })
  test('the address behind a trusted proxy is the one that is counted, and recorded', async () => {
    const here = await start({ http: { trustProxy: ['127.0.0.1'] } })
    await ask(here, undefined, { 'x-forwarded-for': '192.0.2.7' }).end()
    await ask(here, undefined, { 'x-forwarded-for': '2001:db8::1:2:3:4' }).end()
    expect(here.limits.started).toEqual(['a:192.0.2.7', 'a:2001:db8:0:0::/64'])
    here.limits.refuse = 'rate'
    await ask(here, undefined, { 'x-forwarded-for': '192.0.2.8' }).end()
    expect(here.records.at(-1)).toMatchObject({ address: '192.0.2.8' })
  })
  test('without one that is trusted, what a client says of its address counts for nothing', async () => {
    const here = await start()
    await ask(here, undefined, { 'x-forwarded-for': '192.0.2.7' }).end()
    expect(here.limits.started).toEqual(['a:127.0.0.1'])
  })
  test('a request id is taken over when it can be one; else there is a fresh one', async () => {
    const here = await start()
    expect((await ask(here, undefined, { 'x-request-id': 'req-7' }).end()).headers['x-request-id']).toBe(
      'req-7',
    )
    const fresh = (await ask(here, undefined, { 'x-request-id': 'a b' }).end()).headers['x-request-id']
    expect(fresh).toMatch(/^[\w-]{16,}$/)
    expect(here.mock.requests.map(({ headers }) => headers['x-request-id'])).toEqual(['req-7', fresh])
  })
  test('another host is 421, and recorded', async () => {
    const here = await start()
    const reader = await ask(here, undefined, { host: 'evil.example' }).end()
    expect([reader.status, reader.json.code]).toEqual([421, 'wrong_host'])
    expect(here.records).toMatchObject([{ operation: 'security.forbidden', code: 'wrong_host' }])
    expect(here.mock.requests).toHaveLength(0)
  })
  test('what they allow of summary streams does not count here', async () => {
    const http = {
      sseIpConnectRate: { count: 1, windowSec: 60 },
      sseMaxConnections: 1,
      sseMaxConnectionsPerIp: 1,
    }
    const here = await start({ http, mock: { script: { tokens: 1, finish: 'stall' } } })
    const readers = [ask(here), ask(here), ask(here)]
    for (const reader of readers) await reader.until(({ answer }) => answer !== '')
    for (const reader of readers) await stop(here, reader.streamId)
  })
  test('a draining server begins nothing: 503 with Retry-After', async () => {
    const here = await start()
    here.rig.server.startDraining()
    const reader = await ask(here).end()
    expect([reader.status, reader.json.code, reader.headers['retry-after']]).toEqual([503, 'draining', '5'])
    expect(here.mock.requests).toHaveLength(0)
    expect(here.records).toEqual([])
  })
})

describe('identity', () => {
  test('a bad token is 401, and so is a missing one where anonymous callers are not let in', async () => {
    const here = await start()
    const bad = await ask(here, undefined, { authorization: 'Bearer nobody' }).end()
    expect([bad.status, bad.json.code]).toEqual([401, 'token_wrong'])
    expect(bad.headers['www-authenticate']).toContain('invalid_token')
    here.setChat({ chatAnonymous: false })
    const missing = await ask(here).end()
    expect([missing.status, missing.json.code]).toEqual([401, 'token_missing'])
    expect(here.records.map(({ operation }) => operation)).toEqual([
      'security.auth_failure',
      'security.auth_failure',
    ])
    expect((await ask(here, undefined, { authorization: 'Bearer person:ann' }).end()).status).toBe(200)
  })
  test("what goes upstream is the token's email and role, never the caller's claim; an x-user-id is nobody", async () => {
    const here = await start()
    const body = { query: 'a', user_email: 'boss@example.org', user_role: 'admin' }
    const reader = await ask(here, body, { authorization: 'Bearer person:ann', 'x-user-id': 'boss' }).end()
    expect(reader.events[0]?.data).toMatchObject({ identified: true })
    const { params, headers } = here.mock.requests[0] ?? {}
    expect([params?.get('user_email'), params?.get('user_role')]).toEqual(['ann@example.org', 'member'])
    expect(headers?.authorization).toBeUndefined()
  })
  test("the backend gets its own token, and the caller's only where that is wanted", async () => {
    const here = await start({ chat: { ragBackendToken: 'backend-token' } })
    await ask(here, undefined, { authorization: 'Bearer person:ann' }).end()
    here.setChat({ chatForwardAuth: true })
    await ask(here, undefined, { authorization: 'Bearer person:ann' }).end()
    expect(here.mock.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer backend-token',
      'Bearer person:ann',
    ])
  })
  test("with a server's token, that or a person's JWT lets in, and nothing else", async () => {
    const here = await start({ http: { sseApiToken: 'server-token' } })
    const as = async (headers: Record<string, string>) => (await ask(here, undefined, headers).end()).status
    expect(await as({})).toBe(401)
    expect(await as({ authorization: 'Bearer wrong' })).toBe(401)
    expect(await as({ 'x-api-token': 'server-token' })).toBe(200)
    expect(await as({ authorization: 'Bearer server-token' })).toBe(200)
    expect(await as({ authorization: 'Bearer person:ann' })).toBe(200)
    expect(await as({ 'x-api-token': 'server-token', authorization: 'Bearer person:ann' })).toBe(200)
    const failures = here.records.filter(({ operation }) => operation === 'security.auth_failure')
    expect(failures).toHaveLength(2)
  })
})

describe('pages of other sites', () => {
  test.each([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ origin: 'https://good.example', 'sec-fetch-site': 'cross-site' }, 200],
  ])('%j is %i', async (headers, status) => {
    const allow = ['https://good.example']
    const here = await start({ chat: { sseAllowOrigin: allow }, http: { sseAllowOrigin: allow } })
    const reader = await ask(here, undefined, headers as Record<string, string>).end()
    expect(reader.status).toBe(status)
    expect(reader.headers['access-control-allow-credentials']).toBeUndefined()
    expect(here.mock.requests).toHaveLength(status === 200 ? 1 : 0)
  })
  test('an allowed one gets leave beforehand to ask and to stop, and may read whose stream it is', async () => {
    const origin = 'https://good.example'
    const allow = { sseAllowOrigin: [origin] }
    const here = await start({ chat: allow, http: { ...allow, sseApiToken: 'server-token' } })
    const preflight = (path: string) =>
      new ChatReader(`${here.base}${path}`, { method: 'OPTIONS', headers: { origin } }).end()
    const asking = await preflight('/chat-stream')
    expect([asking.status, asking.headers['access-control-allow-methods']]).toEqual([
      204,
      'GET, POST, OPTIONS',
    ])
    // Every header that a question may bring: a browser sends none that is not named here.
    const allowed = String(asking.headers['access-control-allow-headers']).toLowerCase().split(', ')
    expect(allowed).toEqual(
      expect.arrayContaining([
        'authorization',
        'content-type',
        'idempotency-key',
        'last-event-id',
        'traceparent',
        'x-api-token',
        'x-connection-id',
        'x-continuity-id',
        'x-request-id',
        'x-session-id',
        'x-user-id',
      ]),
    )
    // A key of another service of the operator's has no place in a page.
    expect(allowed).not.toContain('x-api-key')
    const stopping = await preflight('/chat-stream/AAAAAAAAAAAAAAAAAAAAAA')
    expect(stopping.headers['access-control-allow-methods']).toBe('GET, DELETE, OPTIONS')
    const reader = await ask(here, undefined, { origin, 'x-api-token': 'server-token' }).end()
    expect(reader.status).toBe(200)
    expect(reader.headers['access-control-allow-origin']).toBe(origin)
    expect(reader.headers['access-control-expose-headers']).toContain('X-Stream-ID')
    expect(here.records.filter(({ operation }) => operation.startsWith('security.'))).toEqual([])
  })
  test("this server's own page may ask", async () => {
    const here = await start()
    expect((await ask(here, undefined, { origin: here.rig.url }).end()).status).toBe(200)
  })
})

test('the headers of a stream', async () => {
  const here = await start()
  const reader = await ask(here, undefined, { 'x-connection-id': 'my-conn.1', 'x-request-id': 'req-7' }).end()
  expect(reader.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-connection-id': 'my-conn.1',
    'x-request-id': 'req-7',
  })
  expect(reader.streamId).toMatch(/^[A-Za-z0-9_-]{22}$/)
  const other = await ask(here, undefined, { 'x-connection-id': 'not allowed!' }).end()
  expect(other.headers['x-connection-id']).toMatch(/^[0-9a-f]{24}$/)
})

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'k-1' }
  test('a repeated question joins the answer under way, and one that has ended', async () => {
    const here = await start({ mock: { script: { tokens: 6, gapMs: 20 } } })
    const first = await ask(here, { query: 'a' }, key).until(({ answer }) => answer !== '')
    const second = await ask(here, { query: 'a' }, key).end()
    await first.end()
    expect(second.streamId).toBe(first.streamId)
    expect(second.numbered.map(({ id, data }) => [id, data])).toEqual(
      first.numbered.map(({ id, data }) => [id, data]),
    )
    expect(second.events[0]).toMatchObject({ type: 'metadata', data: { resumed: true } })
    const late = await ask(here, { query: 'a' }, key).end()
    expect(late.answer).toBe(first.answer)
    const seen = { ...key, 'last-event-id': `${first.streamId}.2` }
    expect((await ask(here, { query: 'a' }, seen).end()).numbered[0]?.sequence).toBe(3)
    const others = { ...key, 'last-event-id': 'AAAAAAAAAAAAAAAAAAAAAA.2' }
    expect((await ask(here, { query: 'a' }, others).end()).numbered[0]?.sequence).toBe(0)
    expect(here.mock.requests).toHaveLength(1)
  })
  test('with another body it is 409; of another owner it is another key; a failed answer frees it', async () => {
    const here = await start({
      mock: { script: (_, i) => (i === 2 ? { finish: 'error', tokens: 0, extras: false } : {}) },
    })
    await ask(here, { query: 'a' }, key).end()
    expect((await ask(here, { query: 'b' }, key).end()).status).toBe(409)
    await ask(here, { query: 'b' }, { ...key, authorization: 'Bearer person:ann' }).end()
    expect(here.mock.requests).toHaveLength(2)
    const failing = { 'idempotency-key': 'k-2' }
    expect((await ask(here, { query: 'c' }, failing).end()).status).toBe(502)
    expect((await ask(here, { query: 'c' }, failing).end()).status).toBe(200)
  })
  test('one that is no key is 400', async () => {
    const here = await start()
    expect((await ask(here, undefined, { 'idempotency-key': 'a b' }).end()).status).toBe(400)
  })
})

test('only GET, POST and DELETE where they mean something', async () => {
  const here = await start()
  const reader = await new ChatReader(`${here.base}/chat-stream`, { method: 'PUT' }).end()
  expect([reader.status, reader.headers.allow]).toEqual([405, 'GET, POST, OPTIONS'])
  expect((await new ChatReader(`${here.base}/chat-stream`, { method: 'HEAD' }).end()).status).toBe(405)
})

test('without a backend it is 503', async () => {
  const here = await start({ backends: () => [] })
  expect((await ask(here).end()).json).toMatchObject({ status: 503, code: 'no_backend' })
})

test('while the audit trail must and cannot take records, new streams are 503', async () => {
  const here = await start()
  here.flag.canStart = false
  expect((await ask(here).end()).json).toMatchObject({ status: 503, code: 'audit_unavailable' })
  expect(here.mock.requests).toHaveLength(0)
})

test('health says how the relay is doing', async () => {
  const here = await start()
  await ask(here).end()
  const { json } = await new ChatReader(`${here.base}/chat-stream/health`).end()
  expect(json).toMatchObject({
    flag: { enabled: true },
    active_streams: 0,
    upstreams: [{ upstream: here.mock.url, breaker: 'closed' }],
    first_token_ms: { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) },
  })
})

describe('the sibling without streaming', () => {
  test('gives the whole answer', async () => {
    const here = await start({ mock: { script: { dialect: 'rich', tokens: ['Hello ', 'world'] } } })
    const { json, status } = await ask(here, undefined, { 'x-connection-id': 'c1' }, '/chat').end()
    expect(status).toBe(200)
    expect(json).toMatchObject({
      success: true,
      response: 'Hello world',
      model_used: 'mock-1',
      usage: { inputTokens: 12, outputTokens: 20, estimated: false },
      connectionId: 'c1',
    })
    expect(json.sources).toHaveLength(1)
  })
  test('an answer that breaks off is an error, whatever had come', async () => {
    const here = await start({ mock: { script: { finish: 'cut' } } })
    expect((await ask(here, undefined, {}, '/chat').end()).status).toBe(502)
  })
  test('a client that goes away cancels it', async () => {
    const here = await start({ mock: { script: { tokens: 3, finish: 'stall' } } })
    const reader = ask(here, undefined, {}, '/chat')
    while (here.mock.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
    reader.cut()
    await here.mock.requests[0]?.closed
    expect(here.mock.requests[0]?.wasCancelled()).toBe(true)
    expect(here.told.ends).toEqual(['idle'])
    expect(here.limits.leased).toBe(0)
  })
})

test('a prefix of its own moves every route', async () => {
  const here = await start({ chat: { chatPrefix: '/talk' } })
  expect((await new ChatReader(`${here.rig.url}/talk/chat-stream?query=a`).end()).status).toBe(200)
  expect((await new ChatReader(`${here.rig.url}${PREFIX}/chat-stream?query=a`).end()).status).toBe(404)
})

test('a resume or stop of what is no stream is 404', async () => {
  const here = await start()
  for (const id of ['AAAAAAAAAAAAAAAAAAAAAA', 'x', '..%2f']) {
    expect((await resume(here, id, null).end()).status).toBe(404)
    expect((await stop(here, id)).status).toBe(404)
  }
})
