// Answers that are passed on (gateway.md 1): the bytes of the events, resume, second readers, stop, grace, joining, bounds.
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Identity } from '../../src/chat/ports.js'
import { identity } from '../support/chat-doubles.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { type PassCall, PassClient, type PassUpstream, startPassUpstream } from '../support/pass-upstream.js'

let upstream: PassUpstream
let rig: ChatRig
beforeAll(async () => {
  upstream = await startPassUpstream()
  rig = await startChatRig({
    http: { sseAllowOrigin: ['https://app.example'] },
    identity: jwts,
    pingMs: 1_000,
    chat: {
      relayUpstream: upstream.url,
      sseAllowOrigin: ['https://app.example'],
      chatDisconnectGraceMs: 60_000,
    },
  })
})
afterAll(async () => {
  await rig.close()
  await upstream.close()
})
const clients: PassClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.cut()
})

function call(path: string, options: ConstructorParameters<typeof PassClient>[1] = {}): PassClient {
  const client = new PassClient(`${rig.rig.url}${path}`, options)
  clients.push(client)
  return client
}
const QUESTION = { model: 'gpt-5', stream: true, messages: [{ role: 'user', content: 'hi' }] }
const ask = (
  headers: Readonly<Record<string, string>> = {},
  body: object | string = QUESTION,
  path = '/v1/chat/completions',
) => call(path, { body, headers })
const token = (text: string): string =>
  `data: {"choices":[{"delta":{"content":${JSON.stringify(text)}}}]}\n\n`
const DONE = 'data: [DONE]\n\n'
const base64 = (text: string): string => Buffer.from(text).toString('base64url')
/** A token in the form of a JWT, of the person with this name. */
const tokenOf = (name: string) => ({ authorization: `Bearer ${base64('{"alg":"none"}')}.${base64(name)}.` })
const [ann, bob] = [tokenOf('ann'), tokenOf('bob')]
const jwts: Identity = {
  ...identity,
  verify: bearer => identity.verify(`person:${Buffer.from(bearer.split('.')[1] ?? '', 'base64url')}`),
}

/** The ids, and the events without them. */
function parts(text: string): { readonly ids: readonly string[]; readonly rest: string } {
  const ids = [...text.matchAll(/^id: (.*)$/gm)].map(([, id = '']) => id)
  return { ids, rest: text.replace(/^id: .*\n/gm, '') }
}

test('the events of the upstream go on as they came, each with an id, and the request as it was', async () => {
  const body =
    '{ "stream" : true, "model":"gpt-5", "temperature":1.0, "messages":[{"role":"system","content":"é"}] }'
  const client = ask({ 'openai-beta': 'x=1', 'x-api-key': 'sk-nothing' }, body)
  const asked = await upstream.next()
  expect(asked.body.toString()).toBe(body)
  expect(asked.request.url).toBe('/v1/chat/completions')
  expect(asked.request.headers).toMatchObject({ 'openai-beta': 'x=1', accept: 'text/event-stream' })
  expect(asked.request.headers['x-api-key']).toBeUndefined()
  asked.stream({ 'x-request-id': 'req_1', 'set-cookie': 'a=b' })
  asked
    .say(`: hello\n\nid: 7\nretry: 1\nevent: x\ndata:  {"a":1}\n\n${token('a')}`)
    .say(`${token('b')}${DONE}`)
  await client.over()
  const id = client.streamId
  expect(client.text).toBe(
    `id: ${id}.0\nevent: x\ndata:  {"a":1}\n\nid: ${id}.1\n${token('a')}id: ${id}.2\n${token('b')}id: ${id}.3\n${DONE}`,
  )
  expect([client.status, client.end]).toEqual([200, 'ended'])
  expect(client.headers).toMatchObject({
    'content-type': 'text/event-stream',
    location: `/v1/streams/${id}`,
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-upstream-request-id': 'req_1',
  })
  expect(client.headers.connection ?? 'keep-alive').toBe('keep-alive')
  expect(client.headers['set-cookie']).toBeUndefined()
  expect(rig.records.at(-1)).toMatchObject({
    operation: 'stream.end',
    reason: 'complete',
    tokens: 2,
    bytes: 2,
  })
})

test('a reader that comes back gets what it lacks and then the live events, also next to another one', async () => {
  const client = ask()
  const asked = (await upstream.next()).stream().say(`${token('a')}${token('b')}`)
  await client.has('"b"')
  const id = client.streamId
  client.cut()
  const [second, third, fourth] = [
    call(`/v1/streams/${id}`, { headers: { 'last-event-id': `${id}.0` } }),
    call(`/v1/streams/${id}?after=-1`),
    ask({ 'last-event-id': `${id}.1` }),
  ]
  await Promise.all([second.has('"b"'), third.has('"b"')])
  asked.say(`${token('c')}${DONE}`).response.end()
  await Promise.all([second.over(), third.over(), fourth.over()])
  expect(parts(second.text).rest).toBe(`${token('b')}${token('c')}${DONE}`)
  expect(parts(third.text).ids).toEqual([0, 1, 2, 3].map(n => `${id}.${n}`))
  expect(parts(fourth.text).rest).toBe(`${token('c')}${DONE}`)
  expect([second.end, third.end, fourth.end]).toEqual(['ended', 'ended', 'ended'])
  const after = await call(`/v1/streams/${id}?after=3`).over()
  expect([after.status, after.headers['x-stream-end']]).toEqual([204, 'whole'])
})

test.each([
  ['ends without its terminal', (response: { end(): void; destroy(): void }) => response.end()],
  ['breaks off', (response: { end(): void; destroy(): void }) => response.destroy()],
])('an upstream that %s is a cut: the connection is destroyed, never ended', async (_, how) => {
  const client = ask()
  const asked = (await upstream.next()).stream().say(`${token('a')}data: {"half`)
  await client.has('"a"')
  how(asked.response)
  await client.over()
  expect([client.end, parts(client.text).rest]).toEqual(['broken', token('a')])
  const after = await call(`/v1/streams/${client.streamId}?after=0`).over()
  expect([after.status, after.headers['x-stream-end']]).toEqual([204, 'cut'])
  expect(rig.records.findLast(({ operation }) => operation === 'stream.end')).toMatchObject({
    reason: 'upstream_cut',
  })
  expect((await call(`/v1/streams/${client.streamId}`).over()).end).toBe('broken')
})

test('a stop cancels the upstream, may be repeated, and is a cut for readers', async () => {
  const client = ask(ann)
  const asked = (await upstream.next()).stream().say(token('a'))
  await client.has('"a"')
  const path = `/v1/streams/${client.streamId}`
  for (const other of [bob, {}]) {
    expect((await call(path, { method: 'DELETE', headers: other }).over()).status).toBe(404)
    expect((await call(path, { headers: other }).over()).status).toBe(404)
    expect((await ask({ ...other, 'last-event-id': `${client.streamId}.0` }).over()).status).toBe(404)
  }
  for (const _ of [1, 2])
    expect((await call(path, { method: 'DELETE', headers: ann }).over()).status).toBe(202)
  await asked.closed
  expect((await client.over()).end).toBe('broken')
  expect(rig.records.findLast(({ operation }) => operation === 'stream.end')).toMatchObject({
    reason: 'client_stop',
  })
})

test('an answer that nobody reads any more is cancelled after the grace', async () => {
  const client = ask({}, QUESTION, '/v1/chat/completions?on_disconnect=cancel')
  const asked = (await upstream.next()).stream().say(token('a'))
  expect(asked.request.url).toBe('/v1/chat/completions')
  await client.has('"a"')
  client.cut()
  await asked.closed
  await until(() => rig.observed.ends.at(-1) === 'idle', 'cancelled')
})

test('a repeated question with the same key joins the answer; with other bytes it is 409', async () => {
  const key = { 'idempotency-key': 'k1', ...ann }
  const before = upstream.asked()
  const first = ask(key)
  const asked = (await upstream.next()).stream().say(token('a'))
  await first.has('"a"')
  const second = await ask(key).has('"a"')
  expect(second.streamId).toBe(first.streamId)
  const other = await ask(key, { ...QUESTION, n: 2 }).over()
  expect([other.status, other.json.error.code]).toEqual([409, 'idempotency_conflict'])
  asked.say(DONE)
  await Promise.all([first.over(), second.over()])
  expect(second.text).toBe(first.text)
  expect(upstream.asked()).toBe(before + 1)
})

test('silence is filled with a comment, between events alone', async () => {
  const client = ask()
  const asked = (await upstream.next()).stream().say(token('a')).say('data: {"choices":')
  await client.has(': ping\n\n')
  asked.say(`[]}\n\n${DONE}`)
  await client.over()
  expect(client.text).toContain('data: {"choices":[]}\n\n')
  expect(client.text.split('\n\n').filter(block => block.includes(': ping') && block !== ': ping')).toEqual(
    [],
  )
})

test('an error in the stream is passed on as it came, and counts as an error', async () => {
  const client = ask()
  const error = 'data: {"error":{"message":"over capacity","type":"server_error"}}\n\n'
  ;(await upstream.next())
    .stream()
    .say(`${token('a')}${error}`)
    .response.end()
  await client.over()
  expect([client.end, parts(client.text).rest]).toEqual(['ended', `${token('a')}${error}`])
  expect(rig.records.findLast(({ operation }) => operation === 'stream.end')).toMatchObject({
    reason: 'upstream_error',
  })
})

test('an event over the limit is a cut, and what came before it is there', async () => {
  const client = ask()
  ;(await upstream.next()).stream().say(`${token('a')}data: ${'x'.repeat(5 * 1024 * 1024)}`)
  await client.over()
  expect([client.end, parts(client.text).rest]).toEqual(['broken', token('a')])
})

test.each([
  [
    '/v1/responses',
    'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1"}}\n\n',
    'event: response.completed\ndata: {"type":"response.completed","sequence_number":1,"response":{"id":"resp_1","usage":{"input_tokens":3,"output_tokens":4}}}\n\n',
  ],
  [
    '/v1/messages',
    'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}\n\n',
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  ],
  ['/v1/completions', 'data: {"choices":[{"text":"a"}]}\n\n', DONE],
])('%s ends at the terminal of its own wire', async (path, event, last) => {
  const client = ask({}, QUESTION, path)
  const asked = await upstream.next()
  expect(asked.request.url).toBe(path)
  asked.stream().say(`${event}${last}data: more\n\n`)
  await client.over()
  expect([client.end, parts(client.text).rest]).toEqual(['ended', `${event}${last}`])
})

test('the responses API resumes and stops by its own id and number', async () => {
  const event = (n: number, type: string) =>
    `event: ${type}\ndata: {"type":"${type}","sequence_number":${n},"response":{"id":"resp_2"},"delta":"x"}\n\n`
  const client = ask(ann, QUESTION, '/v1/responses')
  const asked = (await upstream.next()).stream()
  asked.say(
    event(0, 'response.created') +
      event(1, 'response.output_text.delta') +
      event(2, 'response.output_text.delta'),
  )
  await client.has('"sequence_number":2')
  const again = await call('/v1/responses/resp_2?stream=true&starting_after=1', { headers: ann }).has(':2')
  expect(parts(again.text).rest).toBe(event(2, 'response.output_text.delta'))
  for (const path of [
    '/v1/responses/resp_2?stream=true',
    '/v1/responses/resp_2',
    '/v1/responses/resp_x?stream=true',
  ]) {
    expect((await call(path, { headers: bob }).over()).status).toBe(404)
  }
  const before = upstream.asked()
  const cancelled = await call('/v1/responses/resp_2/cancel', { method: 'POST', headers: ann }).over()
  expect(cancelled.json).toMatchObject({ id: 'resp_2', status: 'cancelled' })
  await asked.closed
  expect((await again.over()).end).toBe('broken')
  // Closing the connection is enough.
  expect(upstream.asked()).toBe(before)
})

describe('a response in the background goes on at its backend until that is asked to cancel it', () => {
  const BACKGROUND = { ...QUESTION, background: true }
  const created = (id: string): string =>
    `event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"${id}"}}\n\n`
  async function begun(id: string) {
    const client = ask(ann, BACKGROUND, '/v1/responses')
    const asked = (await upstream.next()).stream().say(created(id))
    await client.has(id)
    return { client, asked }
  }
  const answer = ({ response }: PassCall, status: number, body: object): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  test('by the API’s own cancel, whose answer is the backend’s', async () => {
    const { client, asked } = await begun('resp_b1')
    const path = '/v1/responses/resp_b1/cancel'
    expect((await call(path, { method: 'POST', headers: bob }).over()).status).toBe(404)
    const cancelling = call(path, { method: 'POST', headers: ann })
    const cancel = await upstream.next()
    expect([cancel.request.method, cancel.request.url]).toEqual(['POST', path])
    const body = { id: 'resp_b1', status: 'cancelled', output: ['so far'] }
    answer(cancel, 200, body)
    expect((await cancelling.over()).json).toEqual(body)
    await asked.closed
    expect((await client.over()).end).toBe('broken')
    expect(rig.records.findLast(({ operation }) => operation === 'stream.end')).toMatchObject({
      reason: 'client_stop',
    })
  })

  test('by a stop of its stream; a backend that refuses is in the log', async () => {
    const { client, asked } = await begun('resp_b2')
    const stopping = call(`/v1/streams/${client.streamId}`, { method: 'DELETE', headers: ann })
    const cancel = await upstream.next()
    expect([cancel.request.method, cancel.request.url]).toEqual(['POST', '/v1/responses/resp_b2/cancel'])
    expect(cancel.request.headers['content-type']).toBeUndefined()
    expect((await stopping.over()).status).toBe(202)
    answer(cancel, 409, {})
    await asked.closed
    await until(() => rig.lines.some(line => line.includes('did not take the stop')), 'logged')
    expect(rig.lines.join('')).not.toContain('resp_b2')
    // Stopped again, it is not asked again.
    const before = upstream.asked()
    await call(`/v1/streams/${client.streamId}`, { method: 'DELETE', headers: ann }).over()
    expect(upstream.asked()).toBe(before)
  })

  test('also where it was not streamed: its id is that of the caller who asked', async () => {
    const client = ask(ann, { ...BACKGROUND, stream: false }, '/v1/responses')
    answer(await upstream.next(), 200, { id: 'resp_b3', object: 'response', status: 'queued' })
    expect((await client.over()).json).toMatchObject({ status: 'queued' })
    for (const [method, path] of [
      ['GET', '/v1/responses/resp_b3'],
      ['GET', '/v1/responses/resp_b3?stream=true'],
      ['POST', '/v1/responses/resp_b3/cancel'],
    ] as const) {
      expect((await call(path, { method, headers: bob }).over()).status).toBe(404)
      const asking = call(path, { method, headers: ann })
      const asked = await upstream.next()
      expect([asked.request.method, asked.request.url]).toEqual([method, path])
      answer(asked, 200, { id: 'resp_b3', status: 'from the backend' })
      expect((await asking.over()).json).toMatchObject({ status: 'from the backend' })
    }
  })
})

test('without stream the answer is the JSON of the upstream, counted and recorded', async () => {
  const client = ask({}, { model: 'gpt-5', messages: [] })
  const json = '{"id":"c1", "choices":[], "usage":{"prompt_tokens":5,"completion_tokens":7}}'
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-remaining': '9',
    'openai-organization': 'org',
  }
  ;(await upstream.next()).response
    .writeHead(200, { ...headers, 'x-request-id': 'r2', 'set-cookie': 'x=y' })
    .end(json)
  await client.over()
  expect([client.status, client.text]).toEqual([200, json])
  expect(client.headers).toMatchObject({
    'content-type': headers['content-type'],
    'x-upstream-request-id': 'r2',
  })
  expect([client.headers['openai-organization'], client.headers['set-cookie']]).toEqual([
    undefined,
    undefined,
  ])
  expect(rig.records.at(-1)).toMatchObject({ operation: 'stream.end', reason: 'complete' })
})

test.each([
  ['/v1/chat/completions', { error: { message: 'bad', code: 'x' } }],
  ['/v1/messages', { type: 'error', error: { type: 'invalid_request_error', message: 'bad' } }],
])('a refusal of the upstream goes on in its own words: %s', async (path, body) => {
  const client = ask({}, QUESTION, path)
  const headers = { 'content-type': 'application/json', 'set-cookie': 'a=b', 'openai-organization': 'org' }
  ;(await upstream.next()).response.writeHead(400, headers).end(JSON.stringify(body))
  await client.over()
  expect([client.status, client.json]).toEqual([400, body])
  expect([client.headers['set-cookie'], client.headers['openai-organization']]).toEqual([
    undefined,
    undefined,
  ])
})

test('a failure after tries of our own tells the client’s library not to try again', async () => {
  const client = ask()
  for (const _ of [1, 2, 3]) (await upstream.next()).response.writeHead(503, { 'retry-after': '0' }).end('{}')
  await client.over()
  expect([client.status, client.headers['x-should-retry']]).toEqual([502, 'false'])
  expect(client.json.error).toMatchObject({ type: 'server_error', code: 'upstream_failed' })
})

test('events that were dropped for newer ones cannot be had, and the answer goes on', async () => {
  rig.setChat({ chatLogBytes: 64 * 1024 })
  const client = ask()
  const asked = (await upstream.next()).stream()
  rig.setChat({ chatLogBytes: 4 * 1024 * 1024 })
  const events = Array.from({ length: 300 }, (_, i) => token(`${i} ${randomBytes(400).toString('base64')}`))
  for (let i = 0; i < events.length; i += 50) {
    asked.say(events.slice(i, i + 50).join(''))
    await client.has(`.${i + 49}\n`)
  }
  asked.say(DONE)
  await client.over()
  expect([client.end, parts(client.text).rest]).toEqual(['ended', `${events.join('')}${DONE}`])
  const early = await call(`/v1/streams/${client.streamId}?after=1`).over()
  expect([early.status, early.json.error.code]).toEqual([404, 'expired'])
  const late = await call(`/v1/streams/${client.streamId}?after=298`).over()
  expect(parts(late.text).rest).toBe(`${events[299]}${DONE}`)
})

test('a browser’s page may read what it needs, from an allowed origin', async () => {
  const asked = { origin: 'https://app.example', 'access-control-request-method': 'POST' }
  const preflight = await call('/v1/messages', {
    method: 'OPTIONS',
    headers: { ...asked, 'access-control-request-headers': 'anthropic-version,x-api-key,x-stainless-os' },
  }).over()
  expect(preflight.status).toBe(204)
  expect(preflight.headers['access-control-allow-headers']).toMatch(
    /X-API-Key.*anthropic-version.*x-stainless-os/,
  )
  const refused = await ask(asked, '[]').over()
  expect(refused.headers['access-control-expose-headers']).toMatch(/X-Stream-ID.*Location/)
})

test('errors have the shape of the route’s API and of a problem document at once', async () => {
  const [openAi, anthropic, unknown, twice] = await Promise.all([
    ask({}, '[1]').over(),
    ask({}, '{"a"', '/v1/messages').over(),
    call('/v1/streams/AAAAAAAAAAAAAAAAAAAAAA').over(),
    ask({}, '{"model":"a","model":"b"}').over(),
  ])
  expect(openAi.headers['content-type']).toBe('application/problem+json')
  expect(openAi.json).toMatchObject({
    status: 400,
    code: 'invalid_document',
    type: 'urn:g6-stream:error:invalid_document',
    error: {
      type: 'invalid_request_error',
      code: 'invalid_document',
      message: 'The body must be a JSON object.',
    },
  })
  expect(anthropic.json).toMatchObject({
    type: 'error',
    status: 400,
    error: { type: 'invalid_request_error' },
  })
  expect([unknown.status, twice.status]).toEqual([404, 400])
})

test('models and embeddings are passed on and never logged', async () => {
  const before = rig.records.length
  const models = call('/v1/models?limit=2')
  const asked = await upstream.next()
  expect([asked.request.method, asked.request.url]).toEqual(['GET', '/v1/models?limit=2'])
  asked.response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}')
  expect((await models.over()).text).toBe('{"data":[]}')
  const embeddings = ask({}, { model: 'e', input: 'x' }, '/v1/embeddings')
  const second = await upstream.next()
  expect(second.body.toString()).toBe('{"model":"e","input":"x"}')
  second.response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":')
  await embeddings.has('{"data":')
  second.response.destroy()
  expect((await embeddings.over()).end).toBe('broken')
  expect(rig.records.length).toBe(before)
})

test('nothing of a question or an answer is in the log', () => {
  const all = rig.lines.join('')
  for (const text of ['gpt-5', '"content"', 'over capacity', 'resp_2']) expect(all).not.toContain(text)
})

test('a server that stops finishes its answers, lets readers come back, and begins no new ones', async () => {
  const own = await startChatRig({ chat: { relayUpstream: upstream.url } })
  const at = (path: string, options: ConstructorParameters<typeof PassClient>[1] = {}): PassClient => {
    const client = new PassClient(`${own.rig.url}${path}`, options)
    clients.push(client)
    return client
  }
  try {
    const client = at('/v1/chat/completions', { body: QUESTION })
    const asked = (await upstream.next()).stream().say(token('a'))
    await client.has('"a"')
    own.rig.server.startDraining()
    const refused = at('/v1/chat/completions', { body: QUESTION })
    await refused.over()
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([503, 'draining'])
    client.cut()
    const id = client.streamId
    const again = at(`/v1/streams/${id}`, { headers: { 'last-event-id': `${id}.0` } })
    const asking = at('/v1/chat/completions', { body: QUESTION, headers: { 'last-event-id': `${id}.0` } })
    asked.say(`${token('b')}${DONE}`).response.end()
    for (const reader of [again, asking]) {
      await reader.over()
      expect([reader.status, reader.end, parts(reader.text).rest]).toEqual([
        200,
        'ended',
        `${token('b')}${DONE}`,
      ])
    }
  } finally {
    await own.close()
  }
})
