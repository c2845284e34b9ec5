// Several backends, each with its own everything (gateway.md 4): failover, keys, paths, proxies, over real sockets.
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { backendsOf, chatBackendsOf } from '../../src/chat/backends/backend.js'
import { pingAll } from '../../src/chat/backends/ping.js'
import type { MockScript } from '../../src/chat/mock/script.js'
import { tokenTexts } from '../../src/chat/mock/script.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { createUndiciEdge } from '../../src/chat/upstream/edge.js'
import { systemClock } from '../../src/clock/clock.js'
import { systemTimers } from '../../src/clock/timers.js'
import type { BackendTable } from '../../src/config/relay-tables.js'
import { ask, type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { freePort } from '../support/free-port.js'

const ANSWER = tokenTexts(20).join('')

const table = (name: string, url: string, more: Partial<BackendTable> = {}): BackendTable => ({
  name,
  url,
  key: `key-of-${name}`,
  keyHeader: 'authorization',
  models: null,
  usageOption: true,
  serves: ['chat'],
  acceptsCallerKey: false,
  firstTokenTimeoutMs: null,
  ...more,
})

let rig: ChatRig
let second: MockUpstream
/** What the first backend does. */
let script: Partial<MockScript> = {}
beforeAll(async () => {
  second = await startMockUpstream()
  rig = await startChatRig({ mock: { script: () => script }, backends: () => [], breakerRestMs: 1 })
})
afterAll(async () => {
  await rig.close()
  await second.close()
})
let before = { first: 0, second: 0, lines: 0 }
beforeEach(() => {
  script = {}
  before = { first: rig.mock.requests.length, second: second.requests.length, lines: rig.lines.length }
  use(table('main', rig.mock.url), table('spare', second.url))
})

const use = (...relayBackends: readonly BackendTable[]): void =>
  rig.setChat({ relayBackends, chatModel: 'm', chatEarlyHeadersMs: 20_000, relayRepeatUnanswered: false })
const requests = () => ({
  first: rig.mock.requests.slice(before.first),
  second: second.requests.slice(before.second),
})
/** The failures of the question, as the log has them. */
const failures = (): unknown => {
  const line = rig.lines.slice(before.lines).find(each => each.includes('a chat stream ended')) ?? '{}'
  return (JSON.parse(line) as { failures?: unknown }).failures
}

describe('before the first visible word the next backend answers', () => {
  test.each<readonly [what: Partial<MockScript>, cause: unknown]>([
    [{ status: 401 }, 401],
    [{ status: 402 }, 402],
    [{ status: 403 }, 403],
    [{ status: 404 }, 404],
    [{ status: 408 }, 408],
    [{ status: 429, retryAfter: '11' }, 429],
    [{ status: 503, retryAfter: '86400' }, 503],
    [{ status: 302, headers: { location: '/elsewhere' } }, 302],
    [{ body: 'html' }, 'html'],
    [{ body: 'empty' }, 'empty_body'],
    [{ tokens: 0, finish: 'error' }, 'in_band'],
    // Which of the two codes depends on whether the reset or the end is seen first.
    [{ tokens: 0, finish: 'reset' }, expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/)],
  ])('%j', async (what: Partial<MockScript>, cause: unknown) => {
    script = what
    const reader = await ask(rig).end()
    expect(reader.answer).toBe(ANSWER)
    expect(requests()).toMatchObject({ first: [{ path: '/v1/chat/completions' }], second: [{}] })
    expect(failures()).toEqual([{ backend: 'main', upstream: rig.mock.url, code: expect.any(String), cause }])
  })

  test.each([400, 413, 422])('%i is the question’s own fault', async status => {
    script = { status }
    expect((await ask(rig).end()).status).toBe(502)
    expect(requests()).toMatchObject({ first: [{}], second: [] })
  })

  test('silence, in the time of each backend', async () => {
    use(table('main', rig.mock.url, { firstTokenTimeoutMs: 60 }), table('spare', second.url))
    script = { firstTokenMs: 60_000 }
    expect((await ask(rig).end()).answer).toBe(ANSWER)
    expect(failures()).toMatchObject([{ code: 'first_token_timeout', cause: 'silence' }])
    await rig.mock.requests.at(-1)?.closed
  })

  test('not after it', async () => {
    script = { tokens: 3, gapMs: 2, finish: 'cut' }
    const reader = await ask(rig).end()
    expect(reader.answer).toBe(tokenTexts(3).join(''))
    expect(reader.terminals).toMatchObject([{ type: 'error', data: { code: 'upstream_cut' } }])
    expect(requests().second).toEqual([])
  })
})

describe('each backend has its own everything', () => {
  test('key, header, model, usage option, path and query', async () => {
    use(
      table('main', `${rig.mock.url}/openai/deployments/g?api-version=2024-10-21`, {
        keyHeader: 'api-key',
        models: { m: 'm-of-main' },
        usageOption: false,
      }),
      table('spare', `${second.url}/v1`),
    )
    script = { status: 404 }
    await ask(rig).end()
    const [one] = requests().first
    expect([one?.path, one?.params.get('api-version')]).toEqual([
      '/openai/deployments/g/chat/completions',
      '2024-10-21',
    ])
    expect(one?.headers).toMatchObject({ 'api-key': 'key-of-main' })
    expect(one?.headers.authorization).toBeUndefined()
    expect(one?.body).toMatchObject({ model: 'm-of-main' })
    expect(one?.body).not.toHaveProperty('stream_options')
    const [other] = requests().second
    expect(other?.headers.authorization).toBe('Bearer key-of-spare')
    expect(other?.headers['api-key']).toBeUndefined()
    expect(other?.body).toMatchObject({ model: 'm', stream_options: { include_usage: true } })
    expect(JSON.stringify(rig.lines)).not.toContain('key-of-')
  })

  test('a backend that does not serve the model is not asked', async () => {
    use(table('main', rig.mock.url, { models: { other: 'x' } }), table('spare', second.url))
    expect((await ask(rig).end()).answer).toBe(ANSWER)
    expect(requests()).toMatchObject({ first: [], second: [{}] })
  })

  test('health names them', async () => {
    const health = await fetch(`${rig.base}/chat-stream/health`)
    const { upstreams, routes } = (await health.json()) as { upstreams: unknown; routes: unknown }
    expect(upstreams).toEqual([
      { name: 'main', upstream: rig.mock.url, breaker: expect.any(String) },
      { name: 'spare', upstream: second.url, breaker: 'closed' },
    ])
    expect(routes).toMatchObject({ chat: true })
  })
})

test('compressed answers are understood', async () => {
  script = { gzip: true }
  expect((await ask(rig).end()).answer).toBe(ANSWER)
  expect(requests().second).toEqual([])
})

test('a valid trace goes on and is in every log line of the stream, an invalid one is not', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`
  await ask(rig, undefined, { traceparent, tracestate: 'congo=t61, rojo=1' }).end()
  expect(requests().first[0]?.headers).toMatchObject({ traceparent, tracestate: 'congo=t61,rojo=1' })
  const lines = rig.lines.slice(before.lines).filter(line => line.includes('"stream":'))
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ traceId })
  await ask(rig, undefined, {
    traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    tracestate: 'a=1',
  }).end()
  expect(requests().first[1]?.headers).not.toHaveProperty('traceparent')
  expect(requests().first[1]?.headers).not.toHaveProperty('tracestate')
})

/** Reads a question, and resets the connection. */
async function startResetting(): Promise<{ server: Server; url: string; questions: () => number }> {
  let questions = 0
  const server = createServer(socket => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', chunk => {
      text += chunk
      if (!text.includes('KITAS')) return
      questions++
      text = ''
      setTimeout(() => socket.resetAndDestroy(), 20)
    })
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    questions: () => questions,
  }
}

describe('a question that was sent and not answered', () => {
  test('is paid once: neither this backend nor the next one is asked, unless that is allowed', async () => {
    const { server, url, questions } = await startResetting()
    try {
      use(table('main', url), table('spare', second.url))
      expect((await ask(rig).end()).status).toBe(502)
      expect([questions(), requests().second.length]).toEqual([1, 0])
      expect(failures()).toMatchObject([{ code: 'upstream_unreachable', cause: 'ECONNRESET' }])
      rig.setChat({ relayRepeatUnanswered: true })
      expect((await ask(rig).end()).answer).toBe(ANSWER)
      expect([questions(), requests().second.length]).toEqual([2, 1])
    } finally {
      server.close()
    }
  })

  test('a backend that was not reached is asked again, and then the next one', async () => {
    use(table('main', `http://127.0.0.1:${await freePort()}`), table('spare', second.url))
    expect((await ask(rig).end()).answer).toBe(ANSWER)
    expect(failures()).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ cause: 'ECONNREFUSED' })),
    )
  })
})

test('a backend that does not speak TLS, and a name that leads nowhere, have causes of their own', async () => {
  const causes: unknown[] = []
  for (const url of [rig.mock.url.replace('http:', 'https:'), 'http://nothing.invalid']) {
    before = { ...before, lines: rig.lines.length }
    use(table('main', url), table('spare', second.url))
    expect((await ask(rig).end()).answer).toBe(ANSWER)
    causes.push(...new Set((failures() as { cause: unknown }[]).map(({ cause }) => cause)))
  }
  // Which of the two it is depends on the resolver.
  expect(causes).toEqual(['ERR_SSL_WRONG_VERSION_NUMBER', expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/)])
})

test('what callers can cause by asking does not take the backend from everybody', async () => {
  for (const status of [400, 404, 413, 422]) {
    script = { status }
    use(table(`main-${status}`, rig.mock.url))
    for (let i = 0; i < 20; i++) await ask(rig).end()
    expect(rig.relay.stats().breakers[0]?.state).toBe('closed')
  }
  script = {}
  expect((await ask(rig).end()).answer).toBe(ANSWER)
})

describe('a proxy of the environment', () => {
  const tunnels: string[] = []
  const sockets = new Set<Socket>()
  const proxy = createHttpServer()
  let headers: IncomingHttpHeaders = {}
  proxy.on('connect', (request, socket: Socket) => {
    tunnels.push(request.url ?? '')
    headers = request.headers
    const [host, port] = (request.url ?? '').split(':')
    const there = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(there).pipe(socket)
    })
    for (const one of [socket, there]) {
      sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => (one === socket ? there : socket).destroy())
    }
  })
  beforeAll(() => new Promise<void>(resolve => void proxy.listen(0, '127.0.0.1', resolve)))
  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  afterEach(() => {
    delete process.env.HTTP_PROXY
    delete process.env.NO_PROXY
  })

  async function throughEdge(url: string): Promise<string> {
    const edge = createUndiciEdge()
    const { origin } = new URL(url)
    const request = {
      origin,
      path: '/v1/models',
      method: 'GET',
      headers: { authorization: 'Bearer k' },
      body: null,
    }
    const received = await new Promise<string>(resolve =>
      edge.open(
        { ...request, method: 'GET' },
        { onHead: status => resolve(`${status}`), onData: () => {}, onEnd: () => {}, onError: resolve },
      ),
    )
    await edge.close()
    return received
  }

  test('is used, and does not get the key; NO_PROXY keeps it out', async () => {
    process.env.HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    expect(await throughEdge(second.url)).toBe('200')
    expect(tunnels).toEqual([new URL(second.url).host])
    expect(headers).not.toHaveProperty('authorization')
    process.env.NO_PROXY = '127.0.0.1'
    expect(await throughEdge(second.url)).toBe('200')
    expect(tunnels).toHaveLength(1)
  })

  test('that is not there is a cause', async () => {
    process.env.HTTP_PROXY = `http://127.0.0.1:${await freePort()}`
    expect(await throughEdge(second.url)).toBe('ECONNREFUSED')
  })
})

test('g6 chat ping asks each for a word, over a route that it serves', async () => {
  const refused = `http://127.0.0.1:${await freePort()}`
  const config = {
    relayBackends: [
      table('main', rig.mock.url, { models: { fast: 'm-1' } }),
      table('claude', second.url, { serves: ['messages'], keyHeader: 'x-api-key' }),
      table('lists', second.url, { serves: ['models'] }),
      table('gone', refused),
    ],
    relayUpstream: null,
    relayForwardKey: false,
    ragBackendUrl: [],
    ragBackendToken: null,
    chatUpstream: 'openai' as const,
  }
  const edge = createUndiciEdge()
  const others = backendsOf(config).filter(({ serves }) => !serves.has('chat'))
  const parts = { edge, clock: systemClock, timers: systemTimers, timeoutMs: 10_000 }
  const pongs = await pingAll(chatBackendsOf(config), others, null, parts)
  await edge.close()
  expect(pongs.map(({ name, ok, model, cause }) => [name, ok, model, cause])).toEqual([
    ['main', true, 'm-1', null],
    ['gone', false, null, 'ECONNREFUSED'],
    ['claude', true, null, null],
    ['lists', true, null, null],
  ])
  expect(requests().first).toMatchObject([{ path: '/v1/chat/completions', body: { model: 'm-1' } }])
  expect(
    requests()
      .second.map(({ path }) => path)
      .sort(),
  ).toEqual(['/v1/messages', '/v1/models'])
  await until(() => rig.mock.open() === 0, 'nothing left open')
})
