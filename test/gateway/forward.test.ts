// What is passed on and never logged (models, embeddings, G6_RELAY_PASS): breaker, the next backend, answers at once, tokens.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BackendTable, Served } from '../../src/config/relay-tables.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { freePort } from '../support/free-port.js'
import { type PassCall, PassClient, type PassUpstream, startPassUpstream } from '../support/pass-upstream.js'

const table = (name: string, url: string, more: Partial<BackendTable> = {}): BackendTable => ({
  name,
  url,
  key: `key-of-${name}`,
  keyHeader: 'authorization',
  models: null,
  usageOption: true,
  serves: ['chat', 'models', 'embeddings'] satisfies Served[],
  acceptsCallerKey: false,
  firstTokenTimeoutMs: null,
  ...more,
})

let first: PassUpstream
let second: PassUpstream
/** Nobody looks at what it was asked. */
let silent: PassUpstream
let rig: ChatRig
beforeAll(async () => {
  ;[first, second, silent] = await Promise.all([
    startPassUpstream(),
    startPassUpstream(),
    startPassUpstream(),
  ])
  rig = await startChatRig({
    backends: () => [],
    chat: {
      relayPass: [
        'POST /v1/moderations',
        '/v1/files/*',
        'POST /v1/images/generations',
        'DELETE /v1/files/*',
        '/v1/models',
      ],
      relayBackends: [table('unused', first.url)],
    },
  })
})
afterAll(async () => {
  await rig.close()
  await Promise.all([first, second, silent].map(each => each.close()))
})
let number = 0
const clients: PassClient[] = []
beforeEach(() => {
  // A breaker of its own for each test.
  number++
  use([first.url, second.url])
  rig.limits.spendings.splice(0)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.cut()
  await until(() => rig.limits.leased === 0, 'no answer counts any more')
})

function use([one = '', other = '']: readonly string[], more: Partial<BackendTable> = {}): void {
  const tables = [table(`main-${number}`, one, more), table(`spare-${number}`, other)]
  rig.setChat({ relayBackends: tables, relayRepeatUnanswered: false })
}
function call(path: string, options: ConstructorParameters<typeof PassClient>[1] = {}): PassClient {
  const client = new PassClient(`${rig.rig.url}${path}`, options)
  clients.push(client)
  return client
}
const embed = (body: object = { model: 'e', input: 'x' }) => call('/v1/embeddings', { body })
function answer({ response }: PassCall, body: object | string, status = 200, headers = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}
const breakers = () => rig.relay.stats().breakers.map(({ state }) => state)
const COUNTED = { data: [], usage: { prompt_tokens: 5, total_tokens: 5 } }

describe('models and embeddings go to the next backend where that may help', () => {
  test.each<readonly [what: string, how: (call: PassCall) => void, times: number]>([
    ['401', asked => answer(asked, {}, 401), 1],
    ['404', asked => answer(asked, {}, 404), 1],
    ['429 for long', asked => answer(asked, {}, 429, { 'retry-after': '60' }), 1],
    ['500, after tries of its own', asked => answer(asked, {}, 500), 3],
    ['a page', asked => answer(asked, '<p>Sign in', 200, { 'content-type': 'text/html' }), 1],
  ])('%s', async (_, how, times) => {
    for (const ask of [() => embed(), () => call('/v1/models')]) {
      const client = ask()
      for (let i = 0; i < times; i++) how(await first.next())
      const asked = await second.next()
      expect(asked.request.headers.authorization).toBe(`Bearer key-of-spare-${number}`)
      answer(asked, COUNTED)
      expect((await client.over()).json).toEqual(COUNTED)
    }
    expect(rig.observed.errors.length).toBeGreaterThan(0)
  })

  test.each([400, 413, 422])('not %i: the request itself is wrong, which its caller reads', async status => {
    const client = embed()
    answer(await first.next(), { error: { message: 'bad' } }, status)
    expect((await client.over()).json).toEqual({ error: { message: 'bad' } })
    expect([client.status, client.headers['x-should-retry']]).toEqual([status, undefined])
  })

  test('silence, in the time of each backend', async () => {
    use([silent.url, second.url], { firstTokenTimeoutMs: 20 })
    const client = embed()
    answer(await second.next(), COUNTED)
    expect((await client.over()).status).toBe(200)
  })

  test('one that is not reached', async () => {
    use([`http://127.0.0.1:${await freePort()}`, second.url])
    const client = embed()
    answer(await second.next(), COUNTED)
    expect((await client.over()).status).toBe(200)
  })

  test('not what was sent and not answered, unless that is allowed: it may be paid twice', async () => {
    const before = second.asked()
    const client = embed()
    ;(await first.next()).response.socket?.resetAndDestroy()
    await client.over()
    expect([client.status, client.json.error.code, second.asked()]).toEqual([502, 'upstream_failed', before])
    rig.setChat({ relayRepeatUnanswered: true })
    const again = embed()
    ;(await first.next()).response.socket?.resetAndDestroy()
    answer(await second.next(), COUNTED)
    expect((await again.over()).status).toBe(200)
  })

  test('the last refusal is that of the backend, and says not to try again what was tried here', async () => {
    const client = embed()
    answer(await first.next(), {}, 401)
    answer(await second.next(), { error: { message: 'enough' } }, 429, { 'retry-after': '60' })
    await client.over()
    expect([client.status, client.json.error.message]).toEqual([429, 'enough'])
    expect(client.headers).toMatchObject({ 'x-should-retry': 'false', 'retry-after': '60' })
  })

  test('a caller who leaves ends the request at the backend', async () => {
    const client = embed()
    const asked = await first.next()
    client.cut()
    await asked.closed
    const half = embed()
    const other = await first.next()
    other.response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":')
    await half.has('data')
    half.cut()
    await other.closed
  })
})

test('failures open the breaker of a backend, for questions too; what callers cause does not', async () => {
  for (let i = 0; i < 20; i++) {
    const client = embed()
    answer(await first.next(), {}, 400)
    await client.over()
  }
  expect(breakers()).toEqual(['closed', 'closed'])
  for (let i = 0; i < 20; i++) {
    const client = embed()
    answer(await first.next(), {}, 401)
    answer(await second.next(), COUNTED)
    await client.over()
  }
  expect(breakers()).toEqual(['open', 'closed'])
  const before = first.asked()
  const client = call('/v1/chat/completions', { body: { model: 'm', messages: [] } })
  answer(await second.next(), { choices: [] })
  expect([(await client.over()).status, first.asked()]).toEqual([200, before])
})

describe('G6_RELAY_PASS', () => {
  test('passes exactly its methods and paths on, with query and body as they came', async () => {
    const upload = Buffer.from([0, 255, 10, 13])
    for (const [method, path, body] of [
      ['POST', '/v1/moderations?a=1', '{"input": "x"}'],
      ['GET', '/v1/files/file-1/content', undefined],
      ['POST', '/v1/files/x', upload],
      ['DELETE', '/v1/files/file-1', undefined],
    ] as const) {
      const client = call(path, { method, ...(body === undefined ? {} : { body }) })
      const asked = await first.next()
      expect([asked.request.method, asked.request.url]).toEqual([method, path])
      expect(asked.body).toEqual(Buffer.from(body ?? ''))
      asked.response.writeHead(201, { 'content-type': 'application/octet-stream' }).end(upload)
      await client.over()
      expect([client.status, Buffer.from(client.text, 'latin1')]).toEqual([201, upload])
    }
    for (const [method, path] of [
      ['GET', '/v1/moderations'],
      ['PUT', '/v1/images/generations'],
      ['POST', '/v1/audio/speech'],
      ['POST', '/v1/files'],
    ] as const) {
      expect((await call(path, { method, body: '{}' }).over()).status).toBeGreaterThanOrEqual(404)
    }
  })

  test('asks another backend only for what was not sent: it may have made something', async () => {
    const before = second.asked()
    for (const status of [401, 404, 429, 500]) {
      const client = call('/v1/files/x', { body: '{}' })
      answer(await first.next(), { at: 'first' }, status)
      expect((await client.over()).json).toEqual({ at: 'first' })
    }
    const client = call('/v1/files/x', { body: '{}' })
    ;(await first.next()).response.destroy()
    expect([(await client.over()).status, second.asked()]).toEqual([502, before])
    use([`http://127.0.0.1:${await freePort()}`, second.url])
    const other = call('/v1/files/x', { body: '{}' })
    answer(await second.next(), { at: 'second' })
    expect((await other.over()).json).toEqual({ at: 'second' })
  })

  test('waits for what is answered when it is done', async () => {
    const soon = { firstTokenTimeoutMs: 20 }
    const paths = table(`main-${number}`, first.url, { ...soon, serves: ['chat'] })
    rig.setChat({ relayBackends: [paths, table(`silent-${number}`, silent.url, soon)] })
    const client = call('/v1/images/generations', { body: '{"prompt":"x"}' })
    const asked = await first.next()
    // So long another backend may be silent.
    expect((await embed().over()).status).toBe(504)
    answer(asked, { data: [{ b64_json: 'AA==' }] })
    expect((await client.over()).status).toBe(200)
  })
})

test('a caller has no more of them at once than answers, and models are free', async () => {
  rig.limits.refuse = 'user'
  for (const path of ['/v1/embeddings', '/v1/moderations']) {
    const refused = await call(path, { body: '{"model":"e"}' }).over()
    expect([refused.status, refused.json.error.code]).toEqual([429, 'too_many_streams_of_user'])
  }
  rig.limits.refuse = 'instance'
  expect((await embed().over()).status).toBe(503)
  const models = call('/v1/models')
  answer(await first.next(), { data: [] })
  expect((await models.over()).status).toBe(200)
  rig.limits.refuse = null
  const client = embed()
  const asked = await first.next()
  expect(rig.limits.leased).toBe(1)
  answer(asked, COUNTED)
  await client.over()
  await until(() => rig.limits.leased === 0, 'released')
})

test.each<readonly [what: string, path: string, status: number, body: object, spent: object | null]>([
  ['embeddings that are counted', '/v1/embeddings', 200, COUNTED, { in: 5, out: 0, estimated: false }],
  [
    'embeddings that are not',
    '/v1/embeddings',
    200,
    { data: ['x'.repeat(20_000)] },
    { in: 5, out: 0, estimated: true },
  ],
  ['a refusal', '/v1/embeddings', 400, COUNTED, null],
  [
    'what is counted on another path',
    '/v1/images/generations',
    200,
    { data: ['x'.repeat(20_000)], usage: { input_tokens: 3, output_tokens: 9 } },
    { in: 3, out: 9, estimated: false },
  ],
  ['what is not counted', '/v1/moderations', 200, { results: [] }, null],
])('%s is spent where it is counted', async (_, path, status, body, spent) => {
  const client = call(path, { body: '{"model":"e","in":1}' })
  answer(await first.next(), body, status)
  await client.over()
  expect(rig.limits.spendings).toEqual(spent === null ? [] : [{ key: null, tokens: spent }])
})

test('a request that failed somewhere is one line of the log, with a cause each, and nothing of its text', async () => {
  const before = rig.lines.length
  const client = embed({ model: 'e', input: 'a secret' })
  answer(await first.next(), {}, 401)
  answer(await second.next(), COUNTED)
  await client.over()
  const lines = rig.lines.slice(before).filter(line => line.includes('failures'))
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    failures: [{ backend: `main-${number}`, upstream: first.url, code: 'upstream_refused', cause: 401 }],
  })
  expect(rig.lines.join('')).not.toContain('a secret')
})
