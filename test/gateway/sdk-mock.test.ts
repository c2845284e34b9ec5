// The mock upstream speaks the wires of the SDKs: each of them, as published, reads it directly.
import { parseJsonEventStream, readUIMessageStream, type UIMessage, uiMessageChunkSchema } from 'ai'
import type { OpenAI } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tokenTexts } from '../../src/chat/mock/script.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { anthropicClient, MODEL, openAi, SDK_PATHS, scripted } from '../support/sdk-paths.js'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMockUpstream()
})
afterAll(() => mock.close())

const WEATHER = '{"city":"Denpasar"}'
const REASONING = tokenTexts(2, 'thought').join('')
const TEXT = tokenTexts(3).join('')

const asked = (script: Parameters<typeof scripted>[0]) => ({ url: mock.url, question: scripted(script) })

describe.each(SDK_PATHS)('$name', path => {
  test('reads reasoning, text and tool calls', async () => {
    const outcome = await path.ask(
      asked({ tokens: 3, reasoning: 2, toolCalls: [{ name: 'weather', arguments: WEATHER }] }),
    )
    expect(outcome).toEqual({
      text: TEXT,
      reasoning: path.hasReasoning ? REASONING : '',
      tools: path.hasTools ? [['weather', WEATHER]] : [],
      refusal: '',
    })
  })

  test('gives an error for a refused question, an error in band and an answer that is cut', async () => {
    await expect(path.ask(asked({ status: 429 }))).rejects.toThrow(/429/)
    await expect(path.ask(asked({ tokens: 2, finish: 'error' }))).rejects.toThrow(/error in band/)
    await expect(path.ask(asked({ tokens: 2, finish: 'reset' }))).rejects.toThrow()
    await expect(path.ask(asked({ tokens: 2, finish: 'inside' }))).rejects.toThrow()
  })
})

test.each(SDK_PATHS.filter(({ hasRefusal }) => hasRefusal))('$name: reads a refusal', async path => {
  const outcome = await path.ask(asked({ refusal: 'I cannot say that.' }))
  expect(outcome).toEqual({ text: '', reasoning: '', tools: [], refusal: 'I cannot say that.' })
})

test('choices of one question are apart', async () => {
  const { choices } = await openAi({ url: mock.url, question: '' }).chat.completions.create({
    model: MODEL,
    n: 2,
    messages: [{ role: 'user', content: scripted({ tokens: ['a', 'b'] }) }],
  })
  expect(choices.map(({ message }) => message.content)).toEqual(['ab', '1:a1:b'])
})

test('usage comes when it is asked for', async () => {
  const ask = async (include: boolean) => {
    const stream = await openAi({ url: mock.url, question: '' }).chat.completions.create({
      model: MODEL,
      stream: true,
      stream_options: { include_usage: include },
      messages: [{ role: 'user', content: scripted({ tokens: 4 }) }],
    })
    const usages: unknown[] = []
    for await (const { usage } of stream) if (usage) usages.push(usage.completion_tokens)
    return usages
  }
  expect([await ask(true), await ask(false)]).toEqual([[4], []])
})

test('a response is resumed after an event, fetched whole, and cancelled', async () => {
  const client = openAi({ url: mock.url, question: '' })
  const stream = await client.responses.create({
    model: MODEL,
    input: scripted({ tokens: 3 }),
    stream: true,
  })
  const events: OpenAI.Responses.ResponseStreamEvent[] = []
  for await (const event of stream) events.push(event)
  expect(events.map(event => event.sequence_number)).toEqual(events.map((_, i) => i))
  const [first] = events
  const id = first?.type === 'response.created' ? first.response.id : ''
  const again: typeof events = []
  for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: 4 }))
    again.push(event)
  expect(again).toEqual(events.slice(5))
  expect((await client.responses.retrieve(id)).output_text).toBe(TEXT)
  expect((await client.responses.cancel(id)).status).toBe('cancelled')
  await expect(client.responses.retrieve('resp_unknown')).rejects.toMatchObject({ status: 404 })
})

test('models and embeddings', async () => {
  const client = openAi({ url: mock.url, question: '' })
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['mock-1', 'mock-2'])
  const anthropic = anthropicClient({ url: mock.url, question: '' })
  expect((await anthropic.models.list()).data.map(({ id }) => id)).toEqual(['mock-1', 'mock-2'])
  const { data } = await client.embeddings.create({ model: MODEL, input: ['ab', 'c'] })
  expect(data.map(({ embedding }) => embedding[0])).toEqual([2, 1])
})

test('the route of an AI SDK app answers with a UI message stream', async () => {
  const text = scripted({ tokens: 3, reasoning: 2, toolCalls: [{ name: 'weather', arguments: WEATHER }] })
  const response = await fetch(`${mock.url}/api/chat`, {
    method: 'POST',
    body: JSON.stringify({
      id: 'c1',
      messages: [{ id: '1', role: 'user', parts: [{ type: 'text', text }] }],
    }),
  })
  expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1')
  const { body } = response
  if (body === null) throw new Error('no body')
  const chunks = parseJsonEventStream({ stream: body, schema: uiMessageChunkSchema() }).pipeThrough(
    new TransformStream({
      transform: (part, to) => {
        if (!part.success) throw part.error
        to.enqueue(part.value)
      },
    }),
  )
  let last: UIMessage | null = null
  for await (const message of readUIMessageStream({ stream: chunks })) last = message
  expect((last as UIMessage | null)?.parts).toMatchObject([
    { type: 'step-start' },
    { type: 'reasoning', text: REASONING, state: 'done' },
    { type: 'text', text: TEXT, state: 'done' },
    { type: 'tool-weather', state: 'input-available', input: { city: 'Denpasar' } },
  ])
})

test('what is no stream: a page, nothing, the whole answer, gzip', async () => {
  const ask = (script: Parameters<typeof scripted>[0]) =>
    fetch(`${mock.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ stream: true, messages: [{ role: 'user', content: scripted(script) }] }),
    })
  expect(await (await ask({ body: 'html' })).text()).toContain('<p>Sign in')
  expect(await (await ask({ body: 'empty' })).text()).toBe('')
  expect(await (await ask({ body: 'json', tokens: 1 })).json()).toMatchObject({ object: 'chat.completion' })
  const zipped = await ask({ gzip: true, tokens: 2, gapMs: 1 })
  expect(zipped.headers.get('content-encoding')).toBe('gzip')
  expect((await zipped.text()).endsWith('data: [DONE]\n\n')).toBe(true)
  const refused = await ask({ status: 503, retryAfter: '7.5', error: { code: 'busy' }, headers: { a: 'b' } })
  expect([refused.headers.get('retry-after'), refused.headers.get('a')]).toEqual(['7.5', 'b'])
  expect(await refused.json()).toMatchObject({ error: { code: 'busy' } })
})
