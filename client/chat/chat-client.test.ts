import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type ChatEnd, ChatError, type ClientOptions, createChatClient, type StreamOptions } from './index.js'

type Asked = { method: string; url: string; headers: IncomingMessage['headers']; body: string }
type Answer = (response: ServerResponse, asked: Asked) => void
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const PATH = '/api/v2/bali-zero/chat-stream'

/** A server that gives its answers in order, the last one again and again. */
async function serve(...answers: readonly Answer[]) {
  const asked: Asked[] = []
  const waiting: (() => void)[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body }
    asked.push(one)
    for (const wake of waiting.splice(0)) wake()
    if (method === 'DELETE') {
      if (!served.isSilentToDelete) response.writeHead(202).end()
    } else
      answers[Math.min(asked.filter(a => a.method !== 'DELETE').length, answers.length) - 1]?.(response, one)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const served = {
    isSilentToDelete: false,
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    until: async (holds: () => boolean) => {
      while (!holds()) await new Promise<void>(resolve => waiting.push(resolve))
    },
  }
  return served
}

const event = (sequence: number, type: string, data: unknown): string =>
  `id: ${ID}.${sequence}\nevent: message\ndata: ${JSON.stringify({ type, data, sequence, timestamp: 1 })}\n\n`
const connected = { status: 'connected', connectionId: 'c', streamId: ID, identified: false }
const FIRST = event(0, 'metadata', { ...connected, resumed: false })
const RESUMED = `event: message\ndata: ${JSON.stringify({ type: 'metadata', data: { ...connected, resumed: true }, timestamp: 1 })}\n\n`
const METRICS = {
  firstTokenLatency: 1,
  tokensReceived: 1,
  bytesReceived: 1,
  duration: 1,
  interTokenMean: null,
}
const done = (sequence: number): string => event(sequence, 'done', { reason: 'complete', metrics: METRICS })

const stream =
  (text: string, how: 'open' | 'end' | 'cut' = 'end'): Answer =>
  response => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Stream-ID': ID })
    response.write(text, () => {
      if (how === 'end') response.end()
      if (how === 'cut') response.destroy()
    })
  }
const problem =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  response =>
    response
      .writeHead(status, { 'Content-Type': 'application/problem+json', ...headers })
      .end(JSON.stringify({ status, code, detail: `because of ${code}` }))

type Ending = { readonly end: ChatEnd | null; readonly error: ChatError | null; readonly seen: string[] }

/** Asks; `seen` is what the callbacks got, `ending` resolves at the end. */
function ask(baseUrl: string, client: ClientOptions = {}, options: StreamOptions = {}) {
  const seen: string[] = []
  const settled: { resolve(ending: Ending): void } = { resolve: () => {} }
  const ending = new Promise<Ending>(resolve => {
    settled.resolve = resolve
  })
  const answer = createChatClient({ baseUrl, reconnectDelay: 0, ...client }).stream('why?', {
    onConnect: ({ resumed }) => seen.push(resumed ? 'resumed' : 'connected'),
    onToken: text => seen.push(text),
    onMetadata: data => seen.push(JSON.stringify(data)),
    onSources: sources => seen.push(`sources ${sources.length}`),
    onUsage: ({ outputTokens }) => seen.push(`usage ${outputTokens}`),
    onComplete: end => settled.resolve({ end, error: null, seen }),
    onError: error => settled.resolve({ end: null, error, seen }),
    ...options,
  })
  return { answer, ending, seen }
}

const timeless = (ending: Ending) => [ending.end?.reason ?? ending.error?.code, ending.seen]

describe('an answer', () => {
  test('is asked for by POST and passed to callbacks, each event once and in order', async () => {
    const server = await serve(
      stream(
        FIRST +
          event(1, 'sources', [{ title: 'a' }]) +
          event(2, 'metadata', { model: 'm' }) +
          ': ping\n\nevent: heartbeat\ndata: {"timestamp":1}\n\n' +
          event(3, 'token', 'Hel') +
          event(4, 'token', 'lo') +
          event(5, 'usage', { outputTokens: 2, estimated: false }) +
          done(6),
      ),
    )
    const { answer, ending } = ask(server.baseUrl, { headers: { Authorization: 'Bearer x' } })
    expect(timeless(await ending)).toEqual([
      'complete',
      ['connected', 'sources 1', '{"model":"m"}', 'Hel', 'lo', 'usage 2'],
    ])
    expect((await ending).end).toMatchObject({ type: 'done', text: 'Hello' })
    expect(answer.getMetrics()).toMatchObject({ tokensReceived: 2, bytesReceived: 5, reconnects: 0 })
    expect(answer.streamId).toBe(ID)
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]).toMatchObject({ method: 'POST', url: PATH, body: '{"query":"why?"}' })
    expect(server.asked[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: 'Bearer x',
    })
    expect(server.asked[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/)
  })

  test('may be asked for by GET, history as JSON', async () => {
    const server = await serve(stream(FIRST + done(1)))
    const client = createChatClient({ baseUrl: server.baseUrl, method: 'GET', prefix: '/p' })
    const history = [{ role: 'user', content: 'é' }] as const
    for await (const _ of client.stream({ query: 'a&b', conversation_history: history })) {
    }
    const url = new URL(server.asked[0]?.url ?? '', server.baseUrl)
    expect(url.pathname).toBe('/p/chat-stream')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      query: 'a&b',
      conversation_history: JSON.stringify(history),
    })
    expect(server.asked[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/)
  })

  test('of a model that thinks and declines has both apart from its text', async () => {
    const server = await serve(
      stream(
        FIRST +
          event(1, 'reasoning', 'hm') +
          event(2, 'token', 'Well.') +
          event(3, 'refusal', 'I cannot.') +
          event(4, 'done', { reason: 'refusal', metrics: METRICS }),
      ),
    )
    const apart: string[] = []
    const { ending } = ask(
      server.baseUrl,
      {},
      {
        onReasoning: text => apart.push(`thinks ${text}`),
        onRefusal: text => apart.push(`declines ${text}`),
      },
    )
    expect((await ending).end).toMatchObject({
      type: 'done',
      reason: 'refusal',
      kind: 'refusal',
      text: 'Well.',
    })
    expect(apart).toEqual(['thinks hm', 'declines I cannot.'])
  })

  test('of a later version goes on behind events of unknown types, without a second request', async () => {
    const server = await serve(
      stream(FIRST + event(1, 'surprise', [1]) + event(2, 'token', 'a') + event(3, 'surprise', 0) + done(4)),
    )
    const { ending } = ask(server.baseUrl)
    expect(timeless(await ending)).toEqual(['complete', ['connected', 'a']])
    expect((await ending).end?.kind).toBe('complete')
    expect(server.asked).toHaveLength(1)
  })

  test('that lost its connection goes on at once when its app asks', async () => {
    const server = await serve(stream(FIRST + event(1, 'token', 'a'), 'cut'), stream(RESUMED + done(2)))
    const client = { reconnectDelay: 3_600_000, maxReconnectDelay: 3_600_000, random: () => 0.9 }
    const onReconnect = () => queueMicrotask(() => answer.reconnect())
    const { answer, ending } = ask(server.baseUrl, client, { onReconnect })
    expect(timeless(await ending)).toEqual(['complete', ['connected', 'a', 'resumed']])
  })

  test('can be iterated, from its beginning, by several', async () => {
    const server = await serve(stream(FIRST + event(1, 'token', 'a') + event(2, 'token', 'b') + done(3)))
    const { answer, ending } = ask(server.baseUrl)
    await ending
    for (let i = 0; i < 2; i++) {
      const types: string[] = []
      for await (const { type } of answer) types.push(type)
      expect(types).toEqual(['metadata', 'token', 'token', 'done'])
    }
  })

  test('that fails in band is an error, for callbacks and iterators, and is not asked for again', async () => {
    const error = { code: 'upstream_failed', message: 'It failed.', retryable: true, connectionId: 'c' }
    const server = await serve(stream(FIRST + event(1, 'token', 'a') + event(2, 'error', error)))
    const { answer, ending } = ask(server.baseUrl)
    expect((await ending).error).toMatchObject({
      code: 'upstream_failed',
      message: 'It failed.',
      retryable: true,
    })
    const texts: unknown[] = []
    const reading = async () => {
      for await (const each of answer) texts.push(each.data)
    }
    await expect(reading()).rejects.toBeInstanceOf(ChatError)
    expect(texts).toHaveLength(2)
    expect(server.asked).toHaveLength(1)
  })

  test('goes on when a callback throws, which is reported as uncaught', async () => {
    const server = await serve(stream(FIRST + event(1, 'token', 'a') + event(2, 'token', 'b') + done(3)))
    const faults: unknown[] = []
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', error => faults.push(error))
    const tokens: string[] = []
    const { ending } = ask(
      server.baseUrl,
      {},
      {
        onToken: token => {
          tokens.push(token)
          throw new Error('mine')
        },
      },
    )
    expect((await ending).end?.text).toBe('ab')
    await new Promise(resolve => setImmediate(resolve))
    process.removeAllListeners('uncaughtException')
    for (const listener of before) process.on('uncaughtException', listener)
    expect(tokens).toEqual(['a', 'b'])
    expect(faults).toHaveLength(2)
  })
})

describe('a connection that ends too early', () => {
  test.each(['cut', 'end'] as const)('(%s) is resumed behind the last event', async how => {
    const server = await serve(
      stream(`${FIRST}${event(1, 'token', 'a')}id: ${ID}.2\ndata: {"half`, how),
      stream(RESUMED + event(2, 'token', 'b') + done(3)),
    )
    const { answer, ending } = ask(server.baseUrl)
    expect(timeless(await ending)).toEqual(['complete', ['connected', 'a', 'resumed', 'b']])
    expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST ${PATH}`,
      `GET ${PATH}/${ID}?after=1`,
    ])
    expect(answer.getMetrics().reconnects).toBe(1)
  })

  test('before the stream has a name asks again under the same key', async () => {
    const server = await serve(response => response.destroy(), stream(FIRST + done(1)))
    const { ending } = ask(server.baseUrl)
    await ending
    const keys = server.asked.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
  })

  test('with a name and no event yet resumes from the beginning', async () => {
    const server = await serve(
      stream(': ping\n\n', 'cut'),
      stream(RESUMED + FIRST + event(1, 'token', 'a') + done(2)),
    )
    const { ending } = ask(server.baseUrl)
    expect(timeless(await ending)).toEqual(['complete', ['resumed', 'connected', 'a']])
    expect(server.asked[1]?.url).toBe(`${PATH}/${ID}?after=-1`)
  })

  test('shows nothing twice when the server says it twice, and asks again where something is missing', async () => {
    const server = await serve(
      stream(FIRST + event(1, 'token', 'a') + event(3, 'token', 'c')),
      stream(RESUMED + event(1, 'token', 'a') + event(2, 'token', 'b') + event(3, 'token', 'c') + done(4)),
    )
    const { ending } = ask(server.baseUrl)
    expect((await ending).end?.text).toBe('abc')
    expect(server.asked[1]?.url).toBe(`${PATH}/${ID}?after=1`)
  })

  test('for want of a server behind a proxy is made again', async () => {
    const server = await serve(
      response => response.writeHead(502).end('<h1>Bad gateway'),
      stream(FIRST + done(1)),
    )
    const delays: number[] = []
    const { ending } = ask(server.baseUrl, {}, { onReconnect: ({ delayMs }) => delays.push(delayMs) })
    expect((await ending).end?.reason).toBe('complete')
    expect(delays).toEqual([0])
  })

  test('is given up after so many failures in a row; progress begins the count anew', async () => {
    const server = await serve(
      stream(FIRST + event(1, 'token', 'a'), 'cut'),
      response => response.destroy(),
      stream(RESUMED + event(2, 'token', 'b'), 'cut'),
      response => response.destroy(),
    )
    const { ending } = ask(server.baseUrl, { maxReconnectAttempts: 2 })
    expect(timeless(await ending)).toEqual(['network', ['connected', 'a', 'resumed', 'b']])
    expect((await ending).error?.retryable).toBe(true)
    expect(server.asked).toHaveLength(5)
  })

  test('after each new event is made again and again, but later and later', async () => {
    const server = await serve((response, { url }) => {
      const next = Number(new URL(url, 'http://x').searchParams.get('after') ?? -1) + 1
      const text =
        next === 0 ? FIRST : event(next, next < 5 ? 'token' : 'error', next < 5 ? 'a' : { code: 'x' })
      stream(text, 'cut')(response, server.asked[0] as Asked)
    })
    const delays: number[] = []
    const options = { maxReconnectAttempts: 2, reconnectDelay: 2, maxReconnectDelay: 20, random: () => 0.5 }
    const { ending } = ask(server.baseUrl, options, { onReconnect: ({ delayMs }) => delays.push(delayMs) })
    expect((await ending).error?.code).toBe('x')
    expect(delays).toEqual([1, 2, 4, 8, 10])
  })

  test('waits with full jitter, longer each time up to the longest, and at least as the server says', async () => {
    const waits: number[] = []
    const server = await serve(problem(503, 'draining'), problem(503, 'draining', { 'Retry-After': '0' }))
    const { ending } = ask(server.baseUrl, {
      maxReconnectAttempts: 4,
      reconnectDelay: 2,
      maxReconnectDelay: 9,
      random: () => {
        waits.push(performance.now())
        return 1 - Number.EPSILON
      },
    })
    expect((await ending).error).toMatchObject({
      code: 'draining',
      status: 503,
      message: 'because of draining',
    })
    const gaps = waits.slice(1).map((at, i) => at - (waits[i] ?? 0))
    for (const [i, least] of [2, 4, 8].entries()) expect(gaps[i]).toBeGreaterThanOrEqual(least - 1)
    expect(server.asked).toHaveLength(5)
  })
})

test('a silent connection is dead after two heartbeats and five seconds, and is made again', async () => {
  const server = await serve(stream(FIRST, 'open'), stream(RESUMED + done(1)))
  // 2 × -2250 + 5000: half a second of silence.
  const { ending } = ask(server.baseUrl, { heartbeatMs: -2_250 })
  expect(timeless(await ending)).toEqual(['complete', ['connected', 'resumed']])
})

const whole =
  (body: unknown): Answer =>
  response =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
test('a whole answer says how it ended, what the model thought, and how it declined', async () => {
  const body = { success: false, reason: 'refusal', response: 'a', reasoning: 'hm', refusal: 'No.' }
  const server = await serve(flagOff, whole(body))
  const apart: string[] = []
  const { ending } = ask(
    server.baseUrl,
    {},
    { onReasoning: text => apart.push(text), onRefusal: text => apart.push(text) },
  )
  expect((await ending).end).toMatchObject({ type: 'done', reason: 'refusal', kind: 'refusal', text: 'a' })
  expect(apart).toEqual(['hm', 'No.'])
})

const flagOff = problem(403, 'feature_flag_disabled')

describe('where streams are switched off for this caller', () => {
  test.each(['POST', 'GET'] as const)('(asked by %s) the whole answer is asked for instead', async method => {
    const server = await serve(
      flagOff,
      whole({
        success: true,
        response: 'Hello',
        model_used: 'm',
        sources: [{ title: 'a' }],
        usage: { input_tokens: 3, output_tokens: 2 },
        connectionId: 'c',
      }),
    )
    const { answer, ending } = ask(server.baseUrl, { headers: { Authorization: 'Bearer x' }, method })
    expect(timeless(await ending)).toEqual([
      'complete',
      ['{"model_used":"m"}', 'sources 1', 'Hello', 'usage 2'],
    ])
    expect((await ending).end).toMatchObject({ type: 'done', text: 'Hello' })
    expect(answer.streamId).toBeNull()
    expect(server.asked).toHaveLength(2)
    const [first, second] = server.asked
    expect(second).toMatchObject({
      method: 'POST',
      url: '/api/v2/bali-zero/chat',
      body: '{"query":"why?"}',
      headers: { authorization: 'Bearer x', 'idempotency-key': first?.headers['idempotency-key'] },
    })
    const types: string[] = []
    for await (const { type, sequence } of answer) types.push(`${type} ${sequence}`)
    expect(types).toEqual(['metadata -1', 'sources -1', 'token -1', 'usage -1', 'done -1'])
  })

  test('a connection that breaks meanwhile is made again, for the same answer', async () => {
    const server = await serve(
      flagOff,
      response => response.destroy(),
      whole({ success: true, response: 'a' }),
    )
    expect(timeless(await ask(server.baseUrl).ending)).toEqual(['complete', ['a']])
    expect(server.asked.map(({ url }) => url.split('/').at(-1))).toEqual(['chat-stream', 'chat', 'chat'])
  })

  test.each([
    [problem(403, 'feature_flag_disabled'), 'feature_flag_disabled'],
    [problem(404, 'not_found'), 'not_found'],
    [whole({ success: false }), 'content_type'],
    [whole(null), 'content_type'],
  ])('an answer that is none is an error', async (answer, code) => {
    const server = await serve(flagOff, answer)
    expect((await ask(server.baseUrl).ending).error?.code).toBe(code)
    expect(server.asked).toHaveLength(2)
  })

  test('an answer that has a name is not asked for again', async () => {
    const server = await serve(stream(FIRST + event(1, 'token', 'a'), 'cut'), flagOff)
    expect((await ask(server.baseUrl).ending).error).toMatchObject({
      code: 'feature_flag_disabled',
      status: 403,
    })
    expect(server.asked).toHaveLength(2)
  })

  test('stopping waits for nothing, before the whole answer is asked for or after', async () => {
    const server = await serve(flagOff, () => {})
    const { answer, ending } = ask(server.baseUrl)
    await server.until(() => server.asked.length === 2)
    await answer.stop()
    expect((await ending).end?.reason).toBe('client_stop')
    const other = await serve((response, asked) => {
      void late.answer.stop()
      flagOff(response, asked)
    })
    const late = ask(other.baseUrl)
    expect((await late.ending).end?.reason).toBe('client_stop')
    await late.answer.stop()
    expect(other.asked).toHaveLength(1)
  })
})

describe('the words of the original are read too:', () => {
  test('its spelling of usage', async () => {
    const usage = { input_tokens: 3, output_tokens: 2, estimated: false }
    const server = await serve(stream(FIRST + event(1, 'usage', usage) + done(2)))
    const { answer, ending } = ask(server.baseUrl)
    expect(timeless(await ending)).toEqual(['complete', ['connected', 'usage 2']])
    const found: unknown[] = []
    for await (const { type, data } of answer) if (type === 'usage') found.push(data)
    expect(found).toEqual([{ inputTokens: 3, outputTokens: 2, estimated: false }])
  })

  test('the members of its refusals', async () => {
    const refused = { ok: false, error: 'RATE_LIMIT_EXCEEDED', message: 'Please wait.', retryAfter: 60 }
    const server = await serve(response => response.writeHead(429).end(JSON.stringify(refused)))
    expect((await ask(server.baseUrl).ending).error).toMatchObject({
      code: 'RATE_LIMIT_EXCEEDED',
      message: 'Please wait.',
      status: 429,
      retryAfterSec: 60,
    })
  })
})

describe('an error that a retry cannot fix is final:', () => {
  test.each([
    [400, 'invalid_question'],
    [401, 'token_wrong'],
    [403, 'cross_site'],
    [404, 'not_found'],
    [409, 'idempotency_conflict'],
    // The relay has tried the upstream again already.
    [502, 'upstream_failed'],
    [504, 'upstream_timeout'],
  ])('%i', async (status, code) => {
    const server = await serve(problem(status, code))
    const { ending } = ask(server.baseUrl)
    expect((await ending).error).toMatchObject({ status, code, retryable: status >= 500 })
    expect(server.asked).toHaveLength(1)
  })

  test('429 says how long to wait', async () => {
    const server = await serve(problem(429, 'rate_limited', { 'Retry-After': '17' }))
    const { ending } = ask(server.baseUrl)
    expect((await ending).error).toMatchObject({ status: 429, retryable: true, retryAfterSec: 17 })
    expect(server.asked).toHaveLength(1)
  })

  test('an answer that is no stream', async () => {
    const server = await serve(response =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>'),
    )
    expect((await ask(server.baseUrl).ending).error?.code).toBe('content_type')
  })

  test('a stream that is gone', async () => {
    const server = await serve(stream(FIRST, 'cut'), problem(404, 'not_found'))
    expect((await ask(server.baseUrl).ending).error).toMatchObject({ code: 'not_found', status: 404 })
  })
})

describe('stopping', () => {
  const deletes = (server: Awaited<ReturnType<typeof serve>>) => () =>
    server.asked.some(({ method, url }) => method === 'DELETE' && url === `${PATH}/${ID}`)

  test('ends it here at once and on the server; later calls do nothing', async () => {
    const server = await serve(stream(FIRST + event(1, 'token', 'a'), 'open'))
    const { answer, ending } = ask(
      server.baseUrl,
      { headers: () => ({ 'X-API-Token': 't' }) },
      {
        onToken: () => void answer.stop(),
      },
    )
    expect((await ending).end).toMatchObject({ type: 'aborted', reason: 'client_stop', text: 'a' })
    await answer.stop()
    expect(deletes(server)()).toBe(true)
    expect(server.asked.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
    expect(server.asked.at(-1)?.headers['x-api-token']).toBe('t')
  })

  test('before the stream has a name stops it as soon as it has one', async () => {
    let head = (): void => {}
    const server = await serve(response => {
      head = () => stream(FIRST, 'open')(response, server.asked[0] as Asked)
    })
    const { answer, ending } = ask(server.baseUrl)
    await server.until(() => server.asked.length === 1)
    const stopped = answer.stop()
    expect((await ending).end?.reason).toBe('client_stop')
    head()
    await stopped
    expect(deletes(server)()).toBe(true)
  })

  test.each([
    ['before the stream has a name', false],
    ['when the stream has a name', true],
  ])('at a server that is silent %s takes five seconds and no longer', async (_, isNamed) => {
    const silent: Answer = () => {}
    const server = await serve(isNamed ? stream(FIRST, 'open') : silent)
    server.isSilentToDelete = true
    let connect = (): void => {}
    const connected = new Promise<void>(resolve => {
      connect = resolve
    })
    const { answer } = ask(server.baseUrl, {}, { onConnect: connect })
    await (isNamed ? connected : server.until(() => server.asked.length === 1))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      let isStopped = false
      const stopped = answer.stop().then(() => {
        isStopped = true
      })
      if (isNamed) await server.until(deletes(server))
      await vi.advanceTimersByTimeAsync(4_999)
      expect(isStopped).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      await stopped
    } finally {
      vi.useRealTimers()
    }
  })

  test('again, from the callback that says how it ended, waits for the same answer of the server', async () => {
    const server = await serve(stream(FIRST, 'open'))
    server.isSilentToDelete = true
    let again: Promise<void> | null = null
    const { answer } = ask(
      server.baseUrl,
      {},
      {
        onConnect: () => void answer.stop(),
        onComplete: () => {
          again = answer.stop()
        },
      },
    )
    await server.until(deletes(server))
    expect(again).toBe(answer.stop())
  })

  test('while it waits to connect again waits no longer', async () => {
    const server = await serve(problem(503, 'draining', { 'Retry-After': '60' }))
    const { answer, ending } = ask(
      server.baseUrl,
      {},
      { onReconnect: () => void setImmediate(() => answer.stop()) },
    )
    expect((await ending).end?.reason).toBe('client_stop')
    await answer.stop()
    expect(server.asked).toHaveLength(1)
  })

  test('by a signal, and by leaving the loop', async () => {
    const server = await serve(stream(FIRST + event(1, 'token', 'a'), 'open'))
    const abort = new AbortController()
    const { ending } = ask(server.baseUrl, {}, { signal: abort.signal, onToken: () => abort.abort() })
    expect((await ending).end?.reason).toBe('client_stop')
    await server.until(deletes(server))
    const other = await serve(stream(FIRST + event(1, 'token', 'a'), 'open'))
    for await (const { type } of ask(other.baseUrl).answer) if (type === 'token') break
    await other.until(deletes(other))
  })

  test('with a signal that is aborted already asks nothing', async () => {
    const server = await serve(stream(FIRST))
    const { ending } = ask(server.baseUrl, {}, { signal: AbortSignal.abort() })
    expect((await ending).end?.reason).toBe('client_stop')
    expect(server.asked).toHaveLength(0)
  })
})

test('an answer is found again by its id, from its beginning', async () => {
  const server = await serve(stream(RESUMED + FIRST + event(1, 'token', 'a') + done(2)))
  const answer = createChatClient({ baseUrl: server.baseUrl }).resume(ID)
  for await (const _ of answer) {
  }
  expect(answer.text).toBe('a')
  expect(server.asked[0]).toMatchObject({ method: 'GET', url: `${PATH}/${ID}?after=-1` })
})
