// The upstream side: styles of asking, clocks, retry and failover, the breaker, faults (chat.md 3), over real sockets.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { tokenTexts } from '../../src/chat/mock/script.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { createUndiciEdge } from '../../src/chat/upstream/edge.js'
import { ask, type ChatRig, type ChatRigOptions, startChatRig, until } from '../support/chat-rig.js'
import { freePort } from '../support/free-port.js'

let rig: ChatRig | null = null
let second: MockUpstream | null = null
let mute: Server | null = null
async function start(options: ChatRigOptions = {}): Promise<ChatRig> {
  rig = await startChatRig(options)
  return rig
}
afterEach(async () => {
  await rig?.close()
  await second?.close()
  mute?.close()
  mute = null
  rig = null
  second = null
})

/** Accepts connections and says nothing: a TLS handshake with it never ends. */
async function startMute(): Promise<{ url: string; accepted: () => number; open: () => number }> {
  const sockets = new Set<Socket>()
  let accepted = 0
  const server = createServer(socket => {
    accepted++
    sockets.add(socket)
    // Taken, so that its end is noticed.
    socket.resume()
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  mute = server
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}`, accepted: () => accepted, open: () => sockets.size }
}

/** An address where nobody listens. */
async function deadUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

const ANSWER = tokenTexts(20).join('')
const LEAK = /Traceback|secret of the upstream/

describe('the upstream styles', () => {
  test('a question too long for a URL goes as POST', async () => {
    const here = await start()
    await ask(here, { query: 'x'.repeat(9_000) }).end()
    expect(here.mock.requests[0]).toMatchObject({
      method: 'POST',
      path: '/bali-zero/chat-stream',
      body: { query: 'x'.repeat(9_000) },
    })
  })
  test('rag-post', async () => {
    const here = await start({ chat: { chatUpstream: 'rag-post' } })
    const history = [{ role: 'user', content: 'hi' }]
    expect((await ask(here, { query: 'a', conversation_history: history }).end()).answer).toBe(ANSWER)
    expect(here.mock.requests[0]?.body).toEqual({ query: 'a', conversation_history: history })
  })
  test('openai', async () => {
    const here = await start({
      chat: { chatUpstream: 'openai', chatModel: 'm-1' },
      mock: { script: { dialect: 'openai' } },
    })
    const reader = await ask(here, {
      query: 'a',
      conversation_history: [{ role: 'assistant', content: 'hi' }],
    }).end()
    expect(here.mock.requests[0]).toMatchObject({
      path: '/v1/chat/completions',
      body: {
        model: 'm-1',
        stream: true,
        stream_options: { include_usage: true },
        messages: [
          { role: 'assistant', content: 'hi' },
          { role: 'user', content: 'a' },
        ],
      },
    })
    expect(reader.ofType('usage')[0]?.data).toEqual({
      inputTokens: 12,
      input_tokens: 12,
      outputTokens: 20,
      output_tokens: 20,
      estimated: false,
    })
  })
})

describe('reading the answer', () => {
  test.each([
    ['\r', 0],
    ['\r\n', 0],
    ['\n', 1],
    ['\r\n', 3],
    ['\r', 1],
  ] as const)('line ends %j in pieces of %i bytes', async (lineEnd, pieceBytes) => {
    const tokens = ['grüße ', '你好 ', '👩‍👩‍👧 ', 'end']
    const here = await start({ mock: { script: { lineEnd, pieceBytes, tokens } } })
    const reader = await ask(here).end()
    expect(reader.ofType('token').map(({ data }) => data)).toEqual(tokens)
    expect(reader.events.at(-1)?.type).toBe('done')
  })
  test('a tail without its blank line counts when it is terminal', async () => {
    const here = await start({ mock: { script: { finish: 'tail' } } })
    const reader = await ask(here).end()
    expect(reader.terminals).toMatchObject([{ type: 'done' }])
  })
  test('a length limit is the reason of done', async () => {
    const here = await start({ mock: { script: { finish: 'length' } } })
    expect((await ask(here).end()).terminals).toMatchObject([{ data: { reason: 'length' } }])
  })
  test('frames of no dialect are counted, logged once, and ignored', async () => {
    const here = await start({ mock: { script: { unknownFrame: true } } })
    expect((await ask(here).end()).answer).toBe(ANSWER)
    expect(here.observed.unknown).toBe(2)
    expect(here.lines.filter(line => line.includes('unknown type'))).toHaveLength(1)
  })
})

describe('failures before anything was sent are honest statuses', () => {
  test.each([
    [{ status: 500 }, 502, 'upstream_failed', 3],
    [{ status: 429 }, 502, 'upstream_failed', 3],
    [{ status: 404 }, 502, 'upstream_refused', 1],
    [{ status: 500, retryAfter: '11' }, 502, 'upstream_failed', 1],
    [{ finish: 'error', tokens: 0, extras: false }, 502, 'upstream_error', 1],
    [{ finish: 'end', tokens: 0, extras: false }, 502, 'upstream_cut', 1],
  ] as const)('%j is %i', async (script, status, reason, tries) => {
    const here = await start({ mock: { script }, chat: { chatEarlyHeadersMs: 20_000 } })
    const reader = await ask(here).end()
    expect(reader.status).toBe(status)
    expect(reader.headers['content-type']).toBe('application/problem+json')
    expect(reader.text).not.toMatch(LEAK)
    expect(here.mock.requests).toHaveLength(tries)
    expect(here.observed.ends).toEqual([reason])
    expect(here.records.map(({ operation }) => operation)).toEqual(['stream.start', 'stream.end'])
    expect(here.limits.leased).toBe(0)
    expect(here.timers.waiting()).toBe(0)
  })
  test('no first token in time is 504', async () => {
    const here = await start({ chat: { chatFirstTokenTimeoutMs: 50 }, mock: { script: { headMs: 60_000 } } })
    expect((await ask(here).end()).status).toBe(504)
    await here.mock.requests[0]?.closed
    expect(here.observed.ends).toEqual(['first_token_timeout'])
  })
  test('after the headers were sent it is a typed error', async () => {
    const here = await start({
      chat: { chatEarlyHeadersMs: 10, chatFirstTokenTimeoutMs: 80 },
      mock: { script: { headMs: 60_000 } },
    })
    const reader = await ask(here, undefined, { 'x-connection-id': 'c9' }).end()
    expect(reader.status).toBe(200)
    expect(reader.terminals).toMatchObject([
      {
        type: 'error',
        data: {
          code: 'first_token_timeout',
          message: expect.any(String),
          retryable: true,
          connectionId: 'c9',
        },
      },
    ])
    expect(reader.ofType('usage')).toMatchObject([{ data: { estimated: true, outputTokens: 0 } }])
  })
})

describe('failures after the first token', () => {
  test.each([
    ['cut', 'upstream_cut'],
    ['end', 'upstream_cut'],
    ['error', 'upstream_error'],
  ] as const)('%s ends the stream with a retryable error and no other try', async (finish, code) => {
    const here = await start({ mock: { script: { finish, tokens: 4, gapMs: 2 } } })
    const reader = await ask(here).end()
    expect(reader.status).toBe(200)
    expect(reader.answer).toBe(tokenTexts(4).join(''))
    expect(reader.terminals).toMatchObject([{ type: 'error', data: { code, retryable: true } }])
    expect(reader.text).not.toMatch(LEAK)
    expect(here.mock.requests).toHaveLength(1)
    expect(here.records.at(-1)).toMatchObject({ operation: 'stream.end', reason: code, tokens: 4 })
  })
  test('silence between tokens ends it', async () => {
    const here = await start({
      chat: { chatIdleTimeoutMs: 50 },
      mock: { script: { tokens: 2, finish: 'stall' } },
    })
    const reader = await ask(here).end()
    expect(reader.terminals).toMatchObject([{ type: 'error', data: { code: 'idle_timeout' } }])
    await here.mock.requests[0]?.closed
  })
  test('so does the maximum duration', async () => {
    const here = await start({
      chat: { chatMaxDurationMs: 60 },
      mock: { script: { tokens: 10_000, gapMs: 5 } },
    })
    const reader = await ask(here).end()
    expect(reader.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'expired' } }])
  })
})

describe('retry and failover', () => {
  test('a temporary failure is retried unseen', async () => {
    const here = await start({ mock: { script: (_, i) => (i < 2 ? { status: 503 } : {}) } })
    const reader = await ask(here).end()
    expect(reader.answer).toBe(ANSWER)
    expect(here.observed).toMatchObject({ retries: 2, errors: ['upstream_failed', 'upstream_failed'] })
  })
  test('Retry-After is honoured', async () => {
    const here = await start({ mock: { script: (_, i) => (i < 1 ? { status: 429, retryAfter: '1' } : {}) } })
    const startMs = performance.now()
    await ask(here).until(({ events }) => events.some(({ type }) => type === 'token'))
    expect(performance.now() - startMs).toBeGreaterThan(980)
  })
  test('the next backend answers when the first does not', async () => {
    second = await startMockUpstream()
    const other = second.url
    const dead = await deadUrl()
    const here = await start({ backends: () => [dead, other] })
    const reader = await ask(here).end()
    expect(reader.answer).toBe(ANSWER)
    expect(here.records.at(-1)).toMatchObject({ upstreams: [dead, dead, dead, other] })
  })
  test('no reachable backend is 502', async () => {
    const dead = await deadUrl()
    const here = await start({ backends: () => [dead], chat: { chatEarlyHeadersMs: 20_000 } })
    expect((await ask(here).end()).status).toBe(502)
    expect(here.observed.ends).toEqual(['upstream_unreachable'])
    // The log says why, and nothing of the question.
    const line = here.lines.find(each => each.includes('a chat stream ended')) ?? '{}'
    expect(JSON.parse(line)).toMatchObject({
      failures: Array.from({ length: 3 }, () => ({
        upstream: dead,
        code: 'upstream_unreachable',
        cause: 'ECONNREFUSED',
      })),
    })
    expect(line).not.toContain('KITAS')
  })
})

describe('a backend that accepts and does not answer', () => {
  test('times out, is retried, and then the next one is tried', async () => {
    const slow = await startMute()
    second = await startMockUpstream()
    const other = second.url
    const here = await start({ backends: () => [slow.url, other], connectTimeoutMs: 50 })
    const reader = await ask(here).end()
    expect(reader.answer).toBe(ANSWER)
    expect(slow.accepted()).toBe(3)
    expect(here.observed.errors).toEqual(Array.from({ length: 3 }, () => 'upstream_unreachable'))
    expect(here.records.at(-1)).toMatchObject({ upstreams: [slow.url, slow.url, slow.url, other] })
    await until(() => slow.open() === 0, 'no connection left')
  })
  test('is 502 when there is no other', async () => {
    const { url } = await startMute()
    const here = await start({
      backends: () => [url],
      connectTimeoutMs: 50,
      chat: { chatEarlyHeadersMs: 20_000 },
    })
    expect((await ask(here).end()).status).toBe(502)
    expect(here.observed.ends).toEqual(['upstream_unreachable'])
  })
  test('has 5 s by default', async () => {
    const { url, open } = await startMute()
    const edge = createUndiciEdge()
    const startMs = performance.now()
    const request = { origin: url, path: '/', method: 'GET', headers: {}, body: null } as const
    await new Promise<void>(resolve => {
      edge.open(request, { onHead: () => {}, onData: () => {}, onEnd: () => {}, onError: () => resolve() })
    })
    // Not before; how much later is the machine's.
    expect(performance.now() - startMs).toBeGreaterThan(4_500)
    await until(() => open() === 0, 'no connection left')
    await edge.close()
  })
})

describe('the breaker', () => {
  const FAILING = { status: 500, retryAfter: '60' } as const
  test('opens when the last calls failed, and refuses at once while it is open', async () => {
    const here = await start({ breakerRestMs: 3_600_000, mock: { script: FAILING } })
    while (here.relay.stats().breakers[0]?.state === 'closed') await ask(here).end()
    expect(here.mock.requests).toHaveLength(20)
    const refused = await ask(here).end()
    expect([refused.status, refused.json.code, refused.headers['retry-after']]).toEqual([
      503,
      'breaker_open',
      '10',
    ])
    expect(here.mock.requests).toHaveLength(20)
  })
  test('closes after a successful call', async () => {
    let isWell = false
    const here = await start({ breakerRestMs: 1, mock: { script: () => (isWell ? {} : FAILING) } })
    while (here.relay.stats().breakers[0]?.state === 'closed') await ask(here).end()
    isWell = true
    await until(async () => (await ask(here).end()).status === 200, 'well again')
    expect(here.relay.stats().breakers[0]?.state).toBe('closed')
  })
  test('a stop does not count', async () => {
    const here = await start({ mock: { script: { headMs: 60_000 } } })
    for (let i = 0; i < 25; i++) {
      const reader = ask(here)
      await until(() => here.mock.requests.length > i, 'asked')
      reader.cut()
      await here.mock.requests[i]?.closed
    }
    expect(here.relay.stats().breakers[0]?.state).toBe('closed')
  })
})

test('connections are kept and used again', async () => {
  const here = await start()
  for (let i = 0; i < 5; i++) await ask(here).end()
  expect(await here.mock.connections()).toBe(1)
})
