// What a client reads of an answer, whatever the upstream's dialect (chat.md 2 and 3).
import { describe, expect, test } from 'vitest'
import type { MockDialect } from '../../src/chat/mock/dialects.js'
import { tokenTexts } from '../../src/chat/mock/script.js'
import { CHAT_EVENTS } from '../../src/protocol/chat-events.js'
import { ChatReader } from '../support/chat-reader.js'
import { ask, chatRigForEach, resume, stop } from '../support/chat-rig.js'

const start = chatRigForEach()

/** The events of a reader that do not match the schema of their type. */
function invalid(reader: ChatReader): readonly unknown[] {
  return reader.events.filter(({ name: _name, id: _id, ...event }) => {
    const schema = Object.entries(CHAT_EVENTS).find(([type]) => type === event.type)?.[1]
    return schema?.safeParse(event).success !== true
  })
}

const STYLE_OF: Readonly<Record<MockDialect, 'rag-get' | 'openai'>> = {
  untyped: 'rag-get',
  typed: 'rag-get',
  rich: 'rag-get',
  openai: 'openai',
}

describe.each(Object.keys(STYLE_OF) as MockDialect[])('an answer in dialect %s', dialect => {
  test('comes whole, numbered without gaps, with one terminal event, and then the response ends', async () => {
    const here = await start({
      chat: { chatUpstream: STYLE_OF[dialect] },
      mock: { script: { dialect, tokens: 20 } },
    })
    const reader = await ask(here).end()
    expect(reader.status).toBe(200)
    expect(reader.isComplete).toBe(true)
    expect(reader.answer).toBe(tokenTexts(20).join(''))
    expect(reader.numbered.map(({ sequence }) => sequence)).toEqual(reader.numbered.map((_, i) => i))
    expect(reader.numbered.map(({ id }) => id)).toEqual(
      reader.numbered.map((_, i) => `${reader.streamId}.${i}`),
    )
    expect(reader.terminals.map(({ type }) => type)).toEqual(['done'])
    expect(reader.events.at(-1)).toMatchObject({
      type: 'done',
      data: {
        reason: 'complete',
        metrics: { tokensReceived: 20, bytesReceived: Buffer.byteLength(reader.answer) },
      },
    })
    expect(reader.events[0]).toMatchObject({
      name: 'message',
      type: 'metadata',
      data: { status: 'connected', streamId: reader.streamId, identified: false, resumed: false },
    })
    expect(reader.retryMs).toBe(1000)
    expect(reader.ofType('usage')).toHaveLength(1)
    expect(here.observed.unknown).toBe(0)
    expect(invalid(reader)).toEqual([])
  })
})

test('metadata (also within the text), sources and usage of the upstream come as typed events', async () => {
  const here = await start({
    mock: { script: { dialect: 'rich', tokens: ['a', '[META', 'DATA]{"k":[1]}b'] } },
  })
  const reader = await ask(here).end()
  expect(reader.numbered.map(({ name, type, data }) => [name, type, data])).toEqual([
    [
      'message',
      'metadata',
      {
        status: 'connected',
        connectionId: reader.headers['x-connection-id'],
        streamId: reader.streamId,
        identified: false,
        resumed: false,
      },
    ],
    ['message', 'metadata', { identified: true, model: 'mock-1' }],
    ['message', 'metadata', { intent: 'visa' }],
    ['message', 'metadata', { memory: 'used' }],
    [
      'message',
      'sources',
      [
        {
          title: 'KITAS guide',
          source: 'kb',
          similarity: 0.91,
          tier: 'T1',
          url: 'https://example.org/kitas',
        },
      ],
    ],
    ['message', 'token', 'a'],
    ['message', 'metadata', { k: [1] }],
    ['message', 'token', 'b'],
    [
      'message',
      'usage',
      { inputTokens: 12, input_tokens: 12, outputTokens: 20, output_tokens: 20, estimated: false },
    ],
    [
      'message',
      'done',
      {
        reason: 'complete',
        metrics: {
          firstTokenLatency: expect.any(Number),
          tokensReceived: 2,
          bytesReceived: 2,
          duration: expect.any(Number),
          interTokenMean: expect.any(Number),
        },
      },
    ],
  ])
  for (const { timestamp } of reader.numbered) expect(Number.isSafeInteger(timestamp)).toBe(true)
})

describe('every event matches its schema', () => {
  test('heartbeat, the first event of a resumed connection, aborted', async () => {
    const here = await start({
      chat: { chatHeartbeatMs: 20 },
      mock: { script: { tokens: 1, finish: 'stall' } },
    })
    const first = await ask(here).until(each => each.ofType('heartbeat').length > 0)
    const again = await resume(here, first.streamId, null).until(({ events }) => events.length > 0)
    await stop(here, first.streamId)
    for (const reader of [await first.end(), await again.end()]) {
      expect(reader.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'client_stop' } }])
      expect(invalid(reader)).toEqual([])
    }
  })
  test('error', async () => {
    const here = await start({ mock: { script: { finish: 'error' } } })
    const reader = await ask(here).end()
    expect(reader.terminals).toMatchObject([{ type: 'error', data: { code: 'upstream_error' } }])
    expect(invalid(reader)).toEqual([])
  })
  test('and the schemas are served', async () => {
    const here = await start()
    const schema = await (await fetch(`${here.rig.url}/schemas/chat_token.json`)).json()
    expect(schema).toMatchObject({ title: 'chat_token', required: ['type', 'data', 'sequence', 'timestamp'] })
  })
})

test('the question goes upstream as GET by default, with its history', async () => {
  const here = await start()
  const history = [{ role: 'user', content: 'hi' }]
  await ask(
    here,
    { query: 'why?', conversation_history: history, user_email: 'x@y.z', user_role: 'admin' },
    {
      'x-session-id': 's-1',
      'x-continuity-id': 'c-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-request-id': 'req-1',
    },
  ).end()
  const [request] = here.mock.requests
  expect(request?.method).toBe('GET')
  expect(request?.path).toBe('/bali-zero/chat-stream')
  expect(Object.fromEntries(request?.params ?? [])).toEqual({
    query: 'why?',
    conversation_history: JSON.stringify(history),
  })
  expect(request?.headers).toMatchObject({
    accept: 'text/event-stream',
    'x-request-id': 'req-1',
    'x-session-id': 's-1',
    'x-continuity-id': 'c-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  })
  expect(request?.headers.authorization).toBeUndefined()
})

test('GET asks the same for an EventSource', async () => {
  const here = await start()
  const history = encodeURIComponent(JSON.stringify([{ role: 'user', content: 'hi' }]))
  const reader = await new ChatReader(
    `${here.base}/chat-stream?query=why&conversation_history=${history}`,
  ).end()
  expect(reader.answer).toBe(tokenTexts(20).join(''))
  expect(reader.terminals).toHaveLength(1)
})
