// Who may ask: the flag, the limits, the server's guards, identity, pages of other sites (chat.md 1 and 5), over real sockets.
import { describe, expect, test } from 'vitest'
import { createChatClient } from '../../client/chat/index.js'
import { systemTimers, type Timers } from '../../src/clock/timers.js'
import { ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, chatRigForEach, PREFIX, stop } from '../support/chat-rig.js'

const start = chatRigForEach()
/** Seconds after which a refused caller may come back. */
const SPREAD = [3, 4, 5, 6, 7, 8]
const retryAfterOf = ({ headers }: ChatReader): number => Number(headers['retry-after'])

describe('with the flag off, or outside the rollout', () => {
  const body = {
    ok: false,
    code: 'feature_flag_disabled',
    flag: 'ENABLE_SSE_STREAMING',
    origin: 'https://good.example',
    status: 403,
  }
  const headers = { origin: 'https://good.example' }
  test.each([
    ['POST', '/chat-stream'],
    ['GET', '/chat-stream?query=a'],
    ['GET', '/chat-stream/AAAAAAAAAAAAAAAAAAAAAA'],
    ['DELETE', '/chat-stream/AAAAAAAAAAAAAAAAAAAAAA'],
  ])('%s %s is 403', async (method, path) => {
    const here = await start({ chat: { sseAllowOrigin: ['https://good.example'] } })
    const given = method === 'POST' ? { body: { query: 'a' } } : {}
    here.flag.enabled = false
    const off = await new ChatReader(`${here.base}${path}`, { method, headers, ...given }).end()
    expect([off.status, off.json]).toMatchObject([403, body])
    expect(here.records).toEqual([])
    here.flag.enabled = true
    here.flag.allows = false
    const outside = await new ChatReader(`${here.base}${path}`, { method, headers, ...given }).end()
    expect([outside.status, outside.json]).toMatchObject([403, body])
    expect(here.records).toMatchObject([{ operation: 'security.forbidden', code: 'feature_flag_disabled' }])
    expect(here.mock.requests).toHaveLength(0)
  })
  test.each([
    ['off', { enabled: false }],
    ['on for others', { allows: false }],
  ])('(%s) the sibling without streaming answers as ever', async (_, change) => {
    const here = await start({ http: { sseApiToken: 'server-token' } })
    Object.assign(here.flag, change)
    const ann = { authorization: 'Bearer person:ann' }
    const reader = await ask(here, undefined, ann, '/chat').end()
    expect([reader.status, reader.json.success]).toEqual([200, true])
    expect(here.limits.started).toEqual(['u:iss|ann'])
    expect(here.records.map(({ operation }) => operation)).toEqual(['stream.start', 'stream.end'])
    const nobody = await ask(here, undefined, { authorization: 'Bearer nobody' }, '/chat').end()
    expect([nobody.status, nobody.json.code]).toEqual([401, 'token_wrong'])
    expect(here.records.at(-1)).toMatchObject({ operation: 'security.auth_failure' })
    const { json } = await new ChatReader(`${here.base}/chat-stream/health`, {
      headers: { 'x-api-token': 'server-token' },
    }).end()
    expect(json.routes).toEqual({ 'chat-stream': here.flag.enabled, chat: true })
  })
  test('the published client shows the whole answer', async () => {
    const here = await start({ mock: { script: { dialect: 'rich', tokens: ['Hello ', 'world'] } } })
    here.flag.enabled = false
    const answer = createChatClient({ baseUrl: here.rig.url }).stream('why?')
    const types: string[] = []
    for await (const { type } of answer) types.push(type)
    expect(answer.text).toBe('Hello world')
    expect(types).toEqual(['metadata', 'sources', 'token', 'usage', 'done'])
  })
  test('the sibling without streaming is 503 without a backend, for every caller', async () => {
    const here = await start({ backends: () => [] })
    here.flag.enabled = false
    for (const authorization of ['Bearer person:ann', 'Bearer nobody']) {
      const reader = await ask(here, undefined, { authorization }, '/chat').end()
      expect([reader.status, reader.json.code]).toEqual([503, 'no_backend'])
    }
    expect([here.verified, here.records]).toEqual([[], []])
  })
})

test('with the flag off no token is verified: 403 for every caller', async () => {
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
  test('over the rate: 429 with the seconds really left, before the body is read', async () => {
    const here = await start()
    here.limits.refuse = 'rate'
    const reader = await ask(here, '{"query":').end()
    expect(reader.status).toBe(429)
    expect(reader.headers['retry-after']).toBe('17')
    expect(reader.headers.ratelimit).toContain('t=17')
    expect(reader.json).toMatchObject({ ok: false, error: 'RATE_LIMIT_EXCEEDED', retryAfter: 17 })
    expect(reader.json.message).toMatch(/wait 17 s/)
    expect(here.records).toMatchObject([
      { operation: 'security.rate_limit_violation', code: 'rate', address: '127.0.0.1' },
    ])
  })
  test('too many of one user: 429; too many of all: 503', async () => {
    const here = await start()
    here.limits.refuse = 'user'
    const reader = await ask(here).end()
    expect(reader.status).toBe(429)
    expect(reader.json).toMatchObject({ error: 'RATE_LIMIT_EXCEEDED', retryAfter: retryAfterOf(reader) })
    here.limits.refuse = 'instance'
    const full = await ask(here).end()
    expect(full.status).toBe(503)
    expect(SPREAD).toContain(retryAfterOf(full))
    expect(here.mock.requests).toHaveLength(0)
  })
  test('an internal key passes the limits of one caller, not that of the instance; counted is a person, else the address', async () => {
    const here = await start()
    await ask(here, undefined, { authorization: 'Bearer person:ann' }).end()
    await ask(here).end()
    expect(here.limits.started).toEqual(['u:iss|ann', 'a:127.0.0.1'])
    here.limits.refuse = 'rate'
    expect((await ask(here, undefined, { 'x-api-key': 'internal-key' }).end()).status).toBe(200)
    here.limits.refuse = 'user'
    expect((await ask(here, undefined, { 'x-api-key': 'internal-key' }).end()).status).toBe(200)
    expect((await ask(here, undefined, { 'x-api-key': 'other' }).end()).status).toBe(429)
    here.limits.refuse = 'instance'
    expect((await ask(here, undefined, { 'x-api-key': 'internal-key' }).end()).status).toBe(503)
    expect(here.limits.leased).toBe(0)
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
  test('without a trusted proxy X-Forwarded-For is ignored', async () => {
    const here = await start()
    await ask(here, undefined, { 'x-forwarded-for': '192.0.2.7' }).end()
    expect(here.limits.started).toEqual(['a:127.0.0.1'])
  })
  test('a valid request id is kept; an invalid one is replaced', async () => {
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
  test('their limits of summary streams do not apply here', async () => {
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

describe('each refused request is one line of the log, as the record says it', () => {
  const GUARDS: Readonly<
    Record<
      string,
      (here: ChatRig) => Promise<{ reader: ChatReader; line: Readonly<Record<string, unknown>> }>
    >
  > = {
    'by the flag': async here => {
      here.flag.enabled = false
      return { reader: await ask(here).end(), line: { guard: 'chat_flag', code: 'feature_flag_disabled' } }
    },
    'by the rollout': async here => {
      here.flag.allows = false
      const operation = 'security.forbidden'
      const line = { guard: 'chat_flag', code: 'feature_flag_disabled', operation }
      return { reader: await ask(here).end(), line }
    },
    'by its origin': async here => {
      const operation = 'security.forbidden'
      const reader = await ask(here, undefined, { origin: 'https://evil.example' }).end()
      return { reader, line: { guard: 'chat_origin', code: 'cross_site', operation } }
    },
    'by its token': async here => {
      const operation = 'security.auth_failure'
      const reader = await ask(here, undefined, { authorization: 'Bearer nobody' }).end()
      return { reader, line: { guard: 'chat_auth', code: 'token_wrong', operation } }
    },
    'by the rate': async here => {
      here.limits.refuse = 'rate'
      const operation = 'security.rate_limit_violation'
      return { reader: await ask(here).end(), line: { guard: 'chat_rate', code: 'rate_limited', operation } }
    },
    'by the limit of a user': async here => {
      here.limits.refuse = 'user'
      const operation = 'security.rate_limit_violation'
      const line = { guard: 'chat_cap', code: 'too_many_streams_of_user', operation }
      return { reader: await ask(here).end(), line }
    },
    'by the limit of the instance': async here => {
      here.limits.refuse = 'instance'
      return { reader: await ask(here).end(), line: { guard: 'chat_cap', code: 'chat_full' } }
    },
    'by the audit trail': async here => {
      here.flag.canStart = false
      return { reader: await ask(here).end(), line: { guard: 'chat_audit', code: 'audit_unavailable' } }
    },
    'by a guard of the server': async here => {
      const operation = 'security.forbidden'
      const reader = await ask(here, undefined, { host: 'evil.example' }).end()
      return { reader, line: { guard: 'host', code: 'wrong_host', operation } }
    },
  }
  test.each(Object.entries(GUARDS))('%s', async (_, refuse) => {
    const here = await start()
    const { reader, line } = await refuse(here)
    const lines = here.rig.logged().filter(({ msg }) => msg === 'request refused')
    expect(lines).toEqual([
      {
        ...line,
        level: 40,
        time: expect.any(String),
        address: '127.0.0.1',
        requestId: reader.headers['x-request-id'],
        route: `${PREFIX}/chat-stream`,
        msg: 'request refused',
      },
    ])
    const recorded = here.records.map(({ operation }) => operation)
    expect(recorded).toEqual(line.operation === undefined ? [] : [line.operation])
    const counted = line.operation === 'security.rate_limit_violation' ? 1 : 0
    expect(here.observed.rateLimited).toBe(counted)
    // Those of the chat relay have metrics of their own.
    expect(here.rig.rejected).toEqual(line.guard === 'host' ? ['host'] : [])
  })
})

describe('identity', () => {
  test('a bad token is 401, and so is a missing one when anonymous callers are not admitted', async () => {
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
  test('without a key a caller with a token is anonymous, or gets a 401 that says so', async () => {
    const here = await start()
    here.flag.hasKey = false
    const token = { authorization: 'Bearer person:ann' }
    const reader = await ask(here, undefined, token).end()
    expect(reader.events[0]?.data).toMatchObject({ identified: false })
    here.setChat({ chatAnonymous: false })
    const refused = await ask(here, undefined, token).end()
    expect([refused.status, refused.json.code]).toEqual([401, 'no_token_key'])
    expect(refused.json.detail).toMatch(/no key .*G6_CHAT_JWKS_URL.*G6_CHAT_JWT_SECRET/)
    here.rig.setConfig({ sseApiToken: 'server-token' })
    here.rig.server.reload()
    const guarded = await ask(here, undefined, token).end()
    expect([guarded.status, guarded.json.code]).toEqual([401, 'no_token_key'])
    here.setChat({ chatAnonymous: true })
    const both = await ask(here, undefined, { ...token, 'x-api-token': 'server-token' }).end()
    expect(both.status).toBe(200)
    expect(here.verified).toEqual([])
    expect(here.records.filter(({ operation }) => operation === 'security.auth_failure')).toHaveLength(2)
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
  test.each(['/chat-stream', '/chat'])(
    "verifies a person's token once for each question to %s",
    async path => {
      const here = await start({ http: { sseApiToken: 'server-token' } })
      const reader = await ask(here, undefined, { authorization: 'Bearer person:ann' }, path).end()
      expect(reader.status).toBe(200)
      expect(here.limits.started).toEqual(['u:iss|ann'])
      expect(here.verified).toEqual(['person:ann'])
    },
  )
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

describe('guesses', () => {
  const WAYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "of people's tokens": { authorization: 'Bearer nobody' },
    'of internal keys': { 'x-api-key': 'guess' },
  }
  test.each(Object.entries(WAYS))(
    '%s make their address wait, on a server without a token too',
    async (_, guess) => {
      const waits: number[] = []
      const timers: Timers = {
        after: (ms, run) => {
          waits.push(ms)
          return systemTimers.after(0, run)
        },
      }
      const here = await start({ parts: { timers } })
      for (let i = 0; i < 11; i++) await ask(here, undefined, guess).end()
      expect(waits).toEqual([])
      const more = await Promise.all([1, 2, 3].map(() => ask(here, undefined, guess).end()))
      expect(waits).toHaveLength(3)
      const isToken = guess.authorization !== undefined
      for (const reader of more) {
        if (isToken) expect([reader.status, reader.json.code]).toEqual([429, 'too_many_wrong_tokens'])
        else expect(reader.status).toBe(200)
      }
      expect((await ask(here, undefined, { authorization: 'Bearer person:ann' }).end()).status).toBe(200)
      expect(waits).toHaveLength(4)
      expect((await ask(here).end()).status).toBe(200)
      expect(waits).toHaveLength(4)
    },
  )
})

describe('pages of other sites', () => {
  test.each([
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'none' }, 200],
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
  test('from another port of this machine are 403 by GET too, and nothing is asked', async () => {
    const here = await start()
    const got = await new ChatReader(`${here.base}/chat-stream?query=a`, {
      headers: { 'sec-fetch-site': 'same-site' },
    }).end()
    expect([got.status, got.json.code]).toEqual([403, 'cross_site'])
    expect([here.limits.started, here.mock.requests]).toEqual([[], []])
  })
  test('an allowed origin passes the preflight to ask and to stop, and may read the stream id', async () => {
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
