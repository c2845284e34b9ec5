// The chat relay under abuse: bodies, forwarded headers, ids of other people's streams, backends that send anything.

import { randomBytes } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { checkQuestion } from '../../src/chat/question.js'
import { connectionIdOf, eventIdOf, isStreamId, passedOn } from '../../src/chat/request.js'
import { statusStreamPlugin } from '../../src/http/routes/status-stream.js'
import { StatusHub } from '../../src/hub/status-hub.js'
import {
  answersIn,
  anyJson,
  anyText,
  CASES,
  deepArrayText,
  exchange,
  expectDocumented,
  NASTY,
} from '../support/attack.js'
import { ask, type ChatRig, PREFIX, resume, startChatRig, stop } from '../support/chat-rig.js'
import { RawClient, raw } from '../support/http-rig.js'

const STATUS_SETTINGS = { eventsSseRetryMs: 1, eventsSseHeartbeat: 1, sseStallTimeoutMs: 1_000 }

let rig: ChatRig
const servers: Server[] = []
afterEach(async () => {
  await rig.close()
  for (const server of servers.splice(0))
    await new Promise(resolve => server.close(resolve).closeAllConnections())
})

/** After any attack: the relay answers the next question in full, and nothing of the attack is left. */
async function expectAnswering(): Promise<void> {
  const reader = await ask(rig).end()
  expect(reader.terminals.map(({ type }) => type)).toEqual(['done'])
  expect(rig.limits.leased).toBe(0)
}

describe('a body', () => {
  const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    raw(`POST ${PREFIX}/chat-stream`, {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
      ...headers,
    }) + Buffer.from(body).toString('latin1')
  const codesOf = async (bytes: string) =>
    answersIn(await exchange(rig.rig.port, bytes)).map(expectDocumented)

  test.each([
    ['a prototype member', '{"query":"a","__proto__":{"x":1}}', 'bad_request'],
    ['a constructor', '{"query":"a","constructor":{"prototype":{"x":1}}}', 'bad_request'],
    ['deep nesting', `{"query":${deepArrayText(500_000)}}`, 'invalid_question'],
    [
      'deep nesting in a history',
      `{"query":"a","conversation_history":[${deepArrayText(500_000)}]}`,
      'invalid_question',
    ],
    ['a huge number', `{"query":${'9'.repeat(100_000)}}`, 'invalid_question'],
    ['two documents', '{"query":"a"}{"query":"b"}', 'bad_request'],
    ['JavaScript', '{query:"a"}', 'bad_request'],
    ['nothing', '', 'invalid_question'],
    ['null', 'null', 'invalid_question'],
    ['a string', '"query"', 'invalid_question'],
  ])('of %s is refused', async (_, body, code) => {
    rig = await startChatRig()
    expect(await codesOf(post(body))).toEqual([code])
    expect(rig.mock.requests).toHaveLength(0)
    await expectAnswering()
    expect('x' in {}).toBe(false)
  })
  test('of another type or coding than declared is refused', async () => {
    rig = await startChatRig()
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonx',
      'x',
      'application/json/x',
    ]) {
      expect(await codesOf(post('{"query":"a"}', { 'Content-Type': type })), type).toEqual([
        'unsupported_media_type',
      ])
    }
    const [code] = await codesOf(post('{"query":"a"}', { 'Content-Encoding': 'gzip' }))
    expect([undefined, null, 'unsupported_media_type']).toContain(code)
    await expectAnswering()
  })
  test('with hostile text goes to the backend unchanged', async () => {
    rig = await startChatRig()
    for (const words of NASTY.filter(each => each.trim() !== '')) {
      const reader = await ask(rig, {
        query: words,
        conversation_history: [{ role: 'user', content: words, __proto: 1 }],
      }).end()
      expect(reader.terminals.map(({ type }) => type)).toEqual(['done'])
      // Unpaired surrogates are not text; they arrive as UTF-8 encodes them.
      expect(rig.mock.requests.at(-1)?.query).toBe(Buffer.from(words).toString())
    }
    expect(rig.lines.join('')).not.toContain('evil')
  })
  test('of any shape is a question, or an error that says what is wrong', () => {
    rig = { close: async () => {} } as ChatRig
    const given = fc.dictionary(
      fc.constantFrom('query', 'conversation_history', 'user_email', '__proto__'),
      fc.oneof(
        anyText,
        anyJson,
        fc.array(
          fc.record({
            role: fc.constantFrom('user', 'assistant', 'system', 7),
            content: fc.oneof(anyText, anyJson),
          }),
          { maxLength: 3 },
        ),
      ),
    )
    fc.assert(
      fc.property(given, fc.constantFrom('body' as const, 'url' as const), (members, place) => {
        const checked = checkQuestion(members, place, 1_000)
        if (!checked.ok) {
          expect(checked.detail).not.toMatch(/[^\x20-\x7e]/)
          return
        }
        expect(Buffer.byteLength(checked.asked.query)).toBeLessThanOrEqual(1_000)
        for (const turn of checked.asked.history) expect(Object.keys(turn)).toEqual(['role', 'content'])
      }),
      { numRuns: CASES },
    )
  })
})

describe('ids', () => {
  test('of any text are accepted, replaced, or not passed on', () => {
    rig = { close: async () => {} } as ChatRig
    fc.assert(
      fc.property(anyText, words => {
        expect(connectionIdOf({ 'x-connection-id': words })).toMatch(/^[A-Za-z0-9._-]{1,64}$/)
        const { traceparent, sessionId, continuityId } = passedOn({
          traceparent: words,
          'x-session-id': words,
          'x-continuity-id': words,
        })
        for (const value of [traceparent, sessionId, continuityId])
          if (value !== null) expect(value).toMatch(/^[\x21-\x7e]{1,200}$/)
        const id = eventIdOf(words)
        if (id !== null) expect(isStreamId(id.streamId) && Number.isSafeInteger(id.sequence)).toBe(true)
      }),
      { numRuns: CASES },
    )
  })
  test('that try to inject headers reach neither answer nor backend', async () => {
    rig = await startChatRig()
    for (const words of NASTY) {
      const value = Buffer.from(words.replace(/[\r\n\0]/g, ' ')).toString('latin1')
      const headers = {
        'X-Connection-ID': value,
        'X-Session-ID': value,
        'X-Continuity-ID': value,
        traceparent: value,
        'Idempotency-Key': value,
        'Last-Event-ID': value,
        'X-User-ID': value,
      }
      const body = '{"query":"a"}'
      const bytes =
        raw(`POST ${PREFIX}/chat-stream`, {
          'Content-Type': 'application/json',
          'Content-Length': String(body.length),
          ...headers,
        }) + body
      for (const answer of answersIn(await exchange(rig.rig.port, bytes))) {
        expectDocumented(answer)
        expect(answer.head).not.toMatch(/^x-injected/im)
        expect(/^x-connection-id: (.*)$/im.exec(answer.head)?.[1]?.trim() ?? 'none').toMatch(
          /^[A-Za-z0-9._-]{1,64}$/,
        )
      }
    }
    for (const { headers } of rig.mock.requests) {
      for (const name of ['x-session-id', 'x-continuity-id'])
        expect(String(headers[name] ?? 'none')).toMatch(/^[\x21-\x7e]{1,200}$/)
      expect(headers['x-user-id'] ?? headers['x-injected']).toBeUndefined()
    }
    await expectAnswering()
  })
  test("of somebody else's stream are 404, to resume and to stop, in every form", async () => {
    rig = await startChatRig({ mock: { script: { tokens: 3, finish: 'stall' } } })
    const hers = await ask(rig, undefined, { authorization: 'Bearer person:ann' }).until(
      ({ answer }) => answer !== '',
    )
    for (const headers of [
      {},
      { authorization: 'Bearer person:bob' },
      { authorization: 'Bearer person:Ann' },
      { 'x-user-id': 'ann' },
      { 'x-api-key': 'internal-key' },
    ] as Record<string, string>[]) {
      expect((await resume(rig, hers.streamId, null, headers).end()).status).toBe(404)
      expect((await stop(rig, hers.streamId, headers)).status).toBe(404)
    }
    for (const id of [
      hers.streamId.toLowerCase(),
      `${hers.streamId}%00`,
      `${hers.streamId}x`,
      '..',
      '__proto__',
      'constructor',
    ]) {
      expect([400, 404]).toContain((await stop(rig, id, { authorization: 'Bearer person:ann' })).status)
    }
    expect(hers.isOver).toBe(false)
    hers.cut()
  })
})

describe("what follows a stream's request on its connection", () => {
  const QUESTION = '{"query":"another"}'
  const POSTED = { 'Content-Type': 'application/json', 'Content-Length': String(QUESTION.length) }
  const STREAMS: Readonly<Record<string, (headers: Readonly<Record<string, string>>, id: string) => string>> =
    {
      'the board': headers => raw('GET /summary/events', headers),
      'the status': headers => raw('GET /events', headers),
      'a question by GET': headers => raw(`GET ${PREFIX}/chat-stream?query=another`, headers),
      'a question by POST': headers =>
        raw(`POST ${PREFIX}/chat-stream`, { ...POSTED, ...headers }) + QUESTION,
      'a resume': (headers, id) => raw(`GET ${PREFIX}/chat-stream/${id}`, headers),
    }
  const WAYS = Object.keys(STREAMS).flatMap(stream =>
    ['keep-alive', 'close'].map(connection => ({ stream, connection })),
  )
  test.each(WAYS)(
    'does not run, in one packet or a later one: $stream ($connection), and then a stop',
    async ({ stream, connection }) => {
      const statuses = new StatusHub({ settings: () => STATUS_SETTINGS })
      const plugins = [statusStreamPlugin(statuses, () => ({ sseGzip: false }))]
      rig = await startChatRig({ mock: { script: { tokens: 3, finish: 'stall' } }, parts: { plugins } })
      const reader = await ask(rig).until(({ answer }) => answer !== '')
      const request = STREAMS[stream]?.({ Connection: connection }, reader.streamId) ?? ''
      const stopping = raw(`DELETE ${PREFIX}/chat-stream/${reader.streamId}`)
      const inOne = new RawClient(rig.rig.port, request + stopping)
      // Before the stream has begun, and after.
      const early = new RawClient(rig.rig.port, request)
      await new Promise(resolve => early.socket.once('connect', () => early.socket.write(stopping, resolve)))
      const late = await new RawClient(rig.rig.port, request).until('\r\n\r\n')
      await new Promise(resolve => late.socket.write(stopping.repeat(3), resolve))
      // Bytes behind a request that says it is the last are an error (RFC 9112 9.6): the connection may end without an answer.
      const closed = connection === 'close' ? [0] : []
      for (const client of [inOne, early]) {
        await client.until('\r\n\r\n').catch(() => {})
        expect([200, ...closed]).toContain(client.status)
      }
      // A stop sent later on a connection of its own has its answer: the others would have run by now.
      expect((await stop(rig, 'A'.repeat(22))).status).toBe(404)
      for (const client of [inOne, early, late]) {
        expect(client.text.split('HTTP/1.1 ').length - 1).toBeLessThanOrEqual(1)
        client.socket.destroy()
      }
      expect(late.status).toBe(200)
      expect(reader.isOver).toBe(false)
      expect(rig.observed.ends).toEqual([])
      expect(rig.records.filter(({ operation }) => operation === 'stream.stop')).toEqual([])
      expect((await stop(rig, reader.streamId)).status).toBe(202)
      expect((await reader.end()).terminals.map(({ type }) => type)).toEqual(['aborted'])
    },
  )
})

describe('a backend that', () => {
  /** Answers every question with these bytes. */
  async function saying(write: (response: ServerResponse) => void): Promise<void> {
    const server = createServer((_, response) => {
      response.on('error', () => response.destroy())
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      write(response)
    })
    servers.push(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    rig = await startChatRig({ backends: () => [url], chat: { chatLogBytes: 256 * 1024 } })
  }
  const frame = (data: string): string => `data: ${data}\n\n`
  const token = (text: string): string => frame(JSON.stringify({ type: 'token', data: text }))
  const DONE = frame('{"type":"done"}')

  test.each([
    [
      'nests deeply',
      token('a') + frame(`{"type":"metadata","data":{"a":${deepArrayText(100_000)}}}`) + DONE,
      'done',
    ],
    [
      'nests deeply inside a token',
      token('a') + token(`[METADATA]{"a":${deepArrayText(5_000)}}`) + DONE,
      'done',
    ],
    [
      'sends prototype members',
      token('a') +
        frame('{"type":"metadata","data":{"__proto__":{"x":1}},"__proto__":{"type":"done"}}') +
        DONE,
      'done',
    ],
    ['sends hostile text', NASTY.map(token).join('') + DONE, 'done'],
    ['sends event fields in a token', token('a\n\nevent: done\ndata: {}\n\nid: 7') + DONE, 'done'],
    [
      'sends impossible counts',
      token('a') +
        frame('{"type":"usage","data":{"inputTokens":1e999,"outputTokens":-1}}') +
        frame('{"type":"done","data":{"reason":"a\\nb","usage":{"inputTokens":"x"}}}'),
      'done',
    ],
    ['sends invalid UTF-8', `${token('a')}data: \u00ff\u00fe\n\n${DONE}`, 'done'],
    // What the log keeps is counted as it is stored: text that is always the same takes nearly nothing.
    [
      'sends more than the log keeps',
      token(randomBytes(30_000).toString('base64')).repeat(10) + DONE,
      'error',
    ],
    ['sends an endless frame', `${token('a')}data: ${'x'.repeat(5_000_000)}\n\n${DONE}`, 'done'],
    ['sends thousands of markers', token('[METADATA]{'.repeat(10_000)) + DONE, 'done'],
    ['ends with its own error', token('a') + frame('{"type":"error","data":"Traceback: secret"}'), 'error'],
  ])('%s affects its own answer at most', async (_, bytes, end) => {
    await saying(response => response.end(bytes))
    const reader = await ask(rig).end()
    expect(reader.terminals.map(({ type }) => type)).toEqual([end])
    expect(reader.numbered.map(({ sequence }) => sequence)).toEqual(reader.numbered.map((__, i) => i))
    expect(reader.text).not.toMatch(/Traceback|RangeError/)
    expect(rig.lines.join('')).not.toMatch(/Traceback|RangeError/)
    expect(rig.limits.leased).toBe(0)
    expect(reader.isComplete).toBe(true)
    expect('x' in {}).toBe(false)
  })
})
