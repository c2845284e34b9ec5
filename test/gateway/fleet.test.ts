// What is passed on, and the routes of apps, at servers that share their answers: coming back, stopping and joining at any of them.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ChatNode } from '../support/chat-fleet.js'
import { eventually } from '../support/eventually.js'
import { PassClient, type PassUpstream, startPassUpstream } from '../support/pass-upstream.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'

let redis: RedisServer
let upstream: PassUpstream
let here: ChatNode
let there: ChatNode
const clients: PassClient[] = []

beforeAll(async () => {
  ;[redis, upstream] = await Promise.all([startRedis(), startPassUpstream()])
  const table = {
    path: '/api/chat',
    upstream: `${upstream.url}/app`,
    streamId: 'body.id',
    owner: ['cookie:session'],
    forward: ['cookie'],
  }
  const chat = { relayUpstream: upstream.url, relayAnonymous: true, relayRoutes: [table] }
  ;[here, there] = await Promise.all([ChatNode.start(redis, { chat }), ChatNode.start(redis, { chat })])
})
afterEach(() => {
  for (const client of clients.splice(0)) client.cut()
})
afterAll(async () => {
  await Promise.all([here.close(), there.close()])
  await upstream.close()
  await redis.close()
  expect([...here.faults, ...there.faults]).toEqual([])
})

const token = (text: string): string => `data: {"choices":[{"delta":{"content":"${text}"}}]}\n\n`
const DONE = 'data: [DONE]\n\n'
const QUESTION = { model: 'gpt-5', stream: true, messages: [{ role: 'user', content: 'hi' }] }

function call(node: ChatNode, path: string, options: ConstructorParameters<typeof PassClient>[1] = {}) {
  const client = new PassClient(`${node.rig.rig.url}${path}`, options)
  clients.push(client)
  return client
}
const ask = (node: ChatNode, headers = {}, body: object = QUESTION, path = '/v1/chat/completions') =>
  call(node, path, { headers, body })

test('what is passed on is the same bytes at every server, and can be stopped at any', async () => {
  const first = ask(here)
  const asked = (await upstream.next()).stream().say(`: x\n\nevent: é\n${token('a')}${token('b')}`)
  await first.has('"b"')
  const path = `/v1/streams/${first.streamId}`
  await eventually(
    async () => ((await there.link.commands.send(['KEYS', `*${first.streamId}:m`])) as string[]).length > 0,
    'it is in Redis',
  )
  const second = await call(there, path).has('"b"')
  asked.say(token('c'))
  await Promise.all([first.has('"c"'), second.has('"c"')])
  expect(second.text).toBe(first.text)
  const offset = await call(there, `${path}?offset=-1`).over()
  expect(offset.text).toBe(first.text)
  expect((await call(there, path, { method: 'DELETE' }).over()).status).toBe(202)
  await asked.closed
  await Promise.all([first.over(), second.over()])
  expect([first.end, second.end]).toEqual(['broken', 'broken'])
  expect(here.rig.observed.ends).toEqual(['client_stop'])
})

test('one key is asked once, streamed or whole', async () => {
  const headers = { 'idempotency-key': 'k1' }
  const readers = [ask(here, headers), ask(there, headers)]
  const asked = (await upstream.next()).stream().say(token('a'))
  for (const reader of readers) await reader.has('"a"')
  asked.say(DONE).response.end()
  await Promise.all(readers.map(reader => reader.over()))
  expect(readers[0]?.text).toBe(readers[1]?.text)
  const before = upstream.asked()
  const whole = [here, there].map(node =>
    ask(node, { 'idempotency-key': 'k2' }, { ...QUESTION, stream: false }),
  )
  const { response } = await upstream.next()
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[]}')
  for (const each of whole) expect((await each.over()).text).toBe('{"choices":[]}')
  expect(upstream.asked()).toBe(before + 1)
})

test('an answer of the responses API is found by its own id', async () => {
  const first = ask(here, {}, { model: 'gpt-5', stream: true, input: 'hi' }, '/v1/responses')
  const event = (number: number, type: string, more = {}) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...more })}\n\n`
  const asked = (await upstream.next()).stream()
  asked.say(event(0, 'response.created', { response: { id: 'resp_1' } }))
  asked.say(event(1, 'response.output_text.delta', { delta: 'a' }))
  await first.has('delta')
  await eventually(async () => {
    const found = await call(there, '/v1/responses/resp_1?stream=true&starting_after=0').until(
      ({ status }) => status !== 0,
    )
    return found.status === 200
  }, 'it is known by its id')
  const cancelled = await call(there, '/v1/responses/resp_1/cancel', { method: 'POST', body: {} }).over()
  expect(JSON.parse(cancelled.text)).toMatchObject({ id: 'resp_1', status: 'cancelled' })
  await asked.closed
  expect((await call(there, '/v1/responses/resp_2?stream=true').over()).status).toBe(404)
})

test('the chat of an app is read, stopped and joined at any server, by its owner', async () => {
  const anna = { cookie: 'session=anna' }
  const body = { id: 'chat 1' }
  const headers = { ...anna, 'idempotency-key': 'k3' }
  const [first, second] = [here, there].map(node => call(node, '/api/chat', { headers, body }))
  const asked = (await upstream.next()).stream({ 'x-vercel-ai-ui-message-stream': 'v1' })
  asked.say('data: {"type":"start"}\n\n')
  await Promise.all([first?.has('start'), second?.has('start')])
  const path = '/api/chat/chat%201/stream'
  const third = await call(there, path, { headers: anna }).has('start')
  expect(third.headers['x-vercel-ai-ui-message-stream']).toBe('v1')
  for (const cookie of ['session=bert', ''])
    expect((await call(there, path, { headers: { cookie } }).over()).status).not.toBe(200)
  expect((await call(there, path, { method: 'DELETE', headers: anna }).over()).status).toBe(202)
  await asked.closed
  // An answer that is no stream leaves no claim: the next one asks.
  const plain = [here, there].map(node =>
    call(node, '/api/chat', { headers: { ...anna, 'idempotency-key': 'k4' }, body }),
  )
  for (const _ of plain) {
    const { response } = await upstream.next()
    response.writeHead(400, { 'content-type': 'text/plain' }).end('no')
  }
  for (const each of plain) expect((await each.over()).status).toBe(400)
})
