// What may be asked, and the honest statuses before the first byte (chat.md 1), over real sockets. Who may ask is in
// callers.test.ts.
import { describe, expect, test } from 'vitest'
import { ChatReader } from '../support/chat-reader.js'
import { ask, chatRigForEach, PREFIX, resume, stop } from '../support/chat-rig.js'

const start = chatRigForEach()

const turns = (count: number) => Array.from({ length: count }, () => ({ role: 'user', content: 'x' }))

describe('an invalid question is 400', () => {
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
  test('a question at the limits is asked', async () => {
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
  test('an empty body, as of older clients, is a missing query', async () => {
    const here = await start()
    for (const path of ['chat-stream', 'chat']) {
      const reader = await new ChatReader(`${here.base}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': '0' },
      }).end()
      expect(reader.status).toBe(400)
      expect(reader.json).toMatchObject({ code: 'invalid_question', error: 'query is required' })
    }
  })
  test('invalid JSON in the history of a GET, and in the body of a POST', async () => {
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
  test('a repeated question joins the running answer, and one that has ended', async () => {
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
  test('counts for a question in the URL too, and for the same question in a body', async () => {
    const here = await start()
    const url = `${here.base}/chat-stream?query=a`
    const first = await new ChatReader(url, { headers: key }).end()
    const again = await new ChatReader(url, { headers: key }).end()
    expect(again.streamId).toBe(first.streamId)
    expect((await ask(here, { query: 'a' }, key).end()).streamId).toBe(first.streamId)
    expect((await new ChatReader(`${here.base}/chat-stream?query=b`, { headers: key }).end()).status).toBe(
      409,
    )
    expect(here.mock.requests).toHaveLength(1)
  })
  test('an anonymous answer that was joined by its key can be read, and not stopped; it ends when nobody reads it', async () => {
    const here = await start({
      chat: { chatDisconnectGraceMs: 1 },
      mock: { script: { tokens: 3, finish: 'stall' } },
    })
    const owner = await ask(here, { query: 'a' }, key).until(({ answer }) => answer !== '')
    const joined = await ask(here, { query: 'a' }, key).until(({ answer }) => answer !== '')
    for (let i = 0; i < 2; i++) expect((await stop(here, joined.streamId)).status).toBe(404)
    expect(here.records.filter(({ operation }) => operation === 'stream.stop')).toEqual([])
    expect(here.mock.requests[0]?.wasCancelled()).toBe(false)
    const third = await resume(here, joined.streamId, 0).until(({ answer }) => answer !== '')
    for (const reader of [owner, joined, third]) reader.cut()
    await here.mock.requests[0]?.closed
    expect(here.observed.ends).toEqual(['idle'])
  })
  test("a person's answer is stopped by its person, joined or not; so is an anonymous one that nobody joined", async () => {
    const here = await start({ mock: { script: { tokens: 3, finish: 'stall' } } })
    const ann = { ...key, authorization: 'Bearer person:ann' }
    await ask(here, { query: 'a' }, ann).until(({ answer }) => answer !== '')
    const again = await ask(here, { query: 'a' }, ann).until(({ answer }) => answer !== '')
    expect((await stop(here, again.streamId, ann)).status).toBe(202)
    const alone = await ask(here, { query: 'a' }, key).until(({ answer }) => answer !== '')
    expect((await stop(here, alone.streamId)).status).toBe(202)
  })
  test('an invalid key is 400', async () => {
    const here = await start()
    expect((await ask(here, undefined, { 'idempotency-key': 'a b' }).end()).status).toBe(400)
  })
})

test('other methods are 405', async () => {
  const here = await start()
  const reader = await new ChatReader(`${here.base}/chat-stream`, { method: 'PUT' }).end()
  expect([reader.status, reader.headers.allow]).toEqual([405, 'GET, POST, OPTIONS'])
  expect((await new ChatReader(`${here.base}/chat-stream`, { method: 'HEAD' }).end()).status).toBe(405)
})

test('without a backend it is 503', async () => {
  const here = await start({ backends: () => [] })
  expect((await ask(here).end()).json).toMatchObject({ status: 503, code: 'no_backend' })
})

test('while a required audit trail is unavailable, new streams are 503', async () => {
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
    flag: { enabled: true, percentage: 100 },
    routes: { 'chat-stream': true, chat: true },
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
      usage: { inputTokens: 12, input_tokens: 12, outputTokens: 20, output_tokens: 20, estimated: false },
      connectionId: 'c1',
    })
    expect(json.sources).toHaveLength(1)
  })
  test('an answer that breaks off is an error', async () => {
    const here = await start({ mock: { script: { finish: 'cut' } } })
    expect((await ask(here, undefined, {}, '/chat').end()).status).toBe(502)
  })
  test('a client that leaves cancels it', async () => {
    const here = await start({ mock: { script: { tokens: 3, finish: 'stall' } } })
    const reader = ask(here, undefined, {}, '/chat')
    while (here.mock.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
    reader.cut()
    await here.mock.requests[0]?.closed
    expect(here.mock.requests[0]?.wasCancelled()).toBe(true)
    expect(here.observed.ends).toEqual(['idle'])
    expect(here.limits.leased).toBe(0)
  })
})

test('a prefix of its own moves every route', async () => {
  const here = await start({ chat: { chatPrefix: '/talk' } })
  expect((await new ChatReader(`${here.rig.url}/talk/chat-stream?query=a`).end()).status).toBe(200)
  expect((await new ChatReader(`${here.rig.url}${PREFIX}/chat-stream?query=a`).end()).status).toBe(404)
})

test('resuming or stopping an invalid id is 404', async () => {
  const here = await start()
  for (const id of ['AAAAAAAAAAAAAAAAAAAAAA', 'x', '..%2f']) {
    expect((await resume(here, id, null).end()).status).toBe(404)
    expect((await stop(here, id)).status).toBe(404)
  }
})
