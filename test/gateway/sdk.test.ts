// The SDKs, as published, over the relay on a real server: every path gets the upstream's answer, and its own errors.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { resumableFetch } from '../../client/resumable-fetch/index.js'
import { type MockScript, tokenTexts } from '../../src/chat/mock/script.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { anthropicClient, MODEL, openAi, SDK_PATHS, scripted } from '../support/sdk-paths.js'

let mock: MockUpstream
let rig: ChatRig
beforeAll(async () => {
  mock = await startMockUpstream()
  rig = await startChatRig({
    breakerRestMs: 1,
    chat: { relayUpstream: mock.url, chatMaxStreamsPerUser: 100 },
  })
})
afterAll(async () => {
  await rig.close()
  await mock.close()
})
let asked = 0
beforeEach(() => {
  asked = mock.requests.length
  rig.records.length = 0
})

const WEATHER = '{"city":"Denpasar"}'
const SCRIPT = { tokens: 3, reasoning: 2, toolCalls: [{ name: 'weather', arguments: WEATHER }] }
const TEXT = tokenTexts(3).join('')
const at = (script: Partial<MockScript>) => ({ url: rig.rig.url, question: scripted(script) })

describe.each(SDK_PATHS)('$name', path => {
  test.each([
    ['as it is', undefined],
    ['with resumableFetch', resumableFetch()],
  ])('%s gets the answer of the upstream, recorded once', async (_, fetch) => {
    const outcome = await path.ask({ ...at(SCRIPT), ...(fetch === undefined ? {} : { fetch }) })
    expect(outcome).toEqual({
      text: TEXT,
      reasoning: path.hasReasoning ? tokenTexts(2, 'thought').join('') : '',
      tools: path.hasTools ? [['weather', WEATHER]] : [],
      refusal: '',
    })
    expect(mock.requests).toHaveLength(asked + 1)
    await until(() => rig.records.length === 2, 'the end is recorded')
    expect(rig.records.map(({ operation }) => operation)).toEqual(['stream.start', 'stream.end'])
    // The others have no reason of their own for a tool.
    const hasReason = /\/(chat\/completions|messages)$/.test(mock.requests.at(-1)?.path ?? '')
    expect(rig.records[1]).toMatchObject({ reason: hasReason ? 'tool_calls' : 'complete' })
  })

  test('gives an error for an error in band and for an answer that is cut', async () => {
    await expect(path.ask(at({ tokens: 2, finish: 'error' }))).rejects.toThrow()
    await expect(path.ask(at({ tokens: 2, finish: 'inside' }))).rejects.toThrow()
    await expect(path.ask({ ...at({ tokens: 2, finish: 'cut' }), fetch: resumableFetch() })).rejects.toThrow()
    // Streamed ones reached the caller, so only a whole answer may have been asked for again.
    if (path.isStreamed) expect(mock.requests).toHaveLength(asked + 3)
  })
})

test.each([
  [400, OpenAI.BadRequestError, Anthropic.BadRequestError],
  [401, OpenAI.AuthenticationError, Anthropic.AuthenticationError],
  [403, OpenAI.PermissionDeniedError, Anthropic.PermissionDeniedError],
  [404, OpenAI.NotFoundError, Anthropic.NotFoundError],
  [422, OpenAI.UnprocessableEntityError, Anthropic.UnprocessableEntityError],
  [429, OpenAI.RateLimitError, Anthropic.RateLimitError],
])('an upstream that answers %d is that error of each SDK', async (status, openAiError, anthropicError) => {
  const script = { status, error: { message: 'in its own words', code: 'its_code' } }
  const ask = at(script)
  const messages = [{ role: 'user' as const, content: ask.question }]
  for (const stream of [true, false]) {
    const chat = openAi(ask).chat.completions.create({ model: MODEL, messages, stream })
    const chatError: unknown = await chat.then(
      () => null,
      error => error,
    )
    expect(chatError).toBeInstanceOf(openAiError)
    expect(chatError).toMatchObject({ status, code: 'its_code', message: `${status} in its own words` })
    const message = anthropicClient(ask).messages.create({ model: MODEL, max_tokens: 9, messages, stream })
    const messageError: unknown = await message.then(
      () => null,
      error => error,
    )
    expect(messageError).toBeInstanceOf(anthropicError)
    expect(messageError).toMatchObject({ status, message: expect.stringContaining('in its own words') })
  }
})

test('an upstream that fails is a 5xx error of each SDK, and is not asked again where the relay has done so', async () => {
  // A breaker that knows nothing of the failures before.
  const own = await startChatRig({ chat: { relayUpstream: mock.url } })
  const ask = { ...at({ status: 500 }), url: own.rig.url, retries: 2 }
  const messages = [{ role: 'user' as const, content: ask.question }]
  const chat = openAi(ask).chat.completions.create({ model: MODEL, messages, stream: true })
  await expect(chat).rejects.toBeInstanceOf(OpenAI.InternalServerError)
  const tries = mock.requests.length - asked
  expect(tries).toBeGreaterThan(1)
  const message = anthropicClient(ask).messages.create({
    model: MODEL,
    max_tokens: 9,
    messages,
    stream: true,
  })
  await expect(message).rejects.toBeInstanceOf(Anthropic.InternalServerError)
  // The relay's own tries, once: neither SDK has begun them anew.
  expect(mock.requests.length - asked).toBe(2 * tries)
  await own.close()
})

test('choices, and usage where it is asked for', async () => {
  const client = openAi(at({}))
  const messages = [{ role: 'user' as const, content: scripted({ tokens: ['a', 'b'] }) }]
  const { choices } = await client.chat.completions.create({ model: MODEL, n: 2, messages })
  expect(choices.map(({ message }) => message.content)).toEqual(['ab', '1:a1:b'])
  const outcome = ['', '']
  let tokens = 0
  const options = { stream: true, stream_options: { include_usage: true } } as const
  for await (const chunk of await client.chat.completions.create({
    model: MODEL,
    n: 2,
    messages,
    ...options,
  })) {
    for (const { index, delta } of chunk.choices) outcome[index] += delta.content ?? ''
    tokens += chunk.usage?.completion_tokens ?? 0
  }
  expect([outcome, tokens]).toEqual([['ab', '1:a1:b'], 4])
})

test('a response is resumed and stopped with the SDK’s own means', async () => {
  const client = openAi(at({}))
  const input = scripted({ tokens: 4, finish: 'stall' })
  const stream = await client.responses.create({ model: MODEL, input, stream: true })
  const seen: OpenAI.Responses.ResponseStreamEvent[] = []
  let id = ''
  for await (const event of stream) {
    seen.push(event)
    if (event.type === 'response.created') id = event.response.id
    if (event.type === 'response.output_text.delta') break
  }
  const last = seen.at(-1)?.sequence_number ?? -1
  const again = await client.responses.retrieve(id, { stream: true, starting_after: last })
  const rest: string[] = []
  const broken = (async () => {
    for await (const event of again) {
      expect(event.sequence_number).toBe(last + rest.length + 1)
      if (event.type === 'response.output_text.delta') rest.push(event.delta)
      if (rest.length === 3) await client.responses.cancel(id)
    }
  })()
  await expect(broken).rejects.toThrow()
  expect(rest.join('')).toBe('word1 word2 word3 ')
  expect(mock.requests).toHaveLength(asked + 1)
  await mock.requests.at(-1)?.closed
  await expect(client.responses.retrieve('resp_of_nobody', { stream: true })).rejects.toMatchObject({
    status: 404,
  })
})

test('an abort of the SDK stops the answer on the server, and the upstream', async () => {
  const abort = new AbortController()
  const path = SDK_PATHS[0]
  const ids: string[] = []
  const answer = path?.ask({
    ...at({ tokens: 2, finish: 'stall' }),
    fetch: resumableFetch({ onStream: id => ids.push(id) }),
    signal: abort.signal,
    onText: () => abort.abort(),
  })
  await answer
  await mock.requests.at(-1)?.closed
  await until(() => rig.records.some(({ operation }) => operation === 'stream.end'), 'ended')
  expect(rig.records.at(-1)).toMatchObject({
    operation: 'stream.end',
    reason: 'client_stop',
    streamId: ids[0],
  })
})

test('after a reload the answer comes from its beginning, and the SDK reads it', async () => {
  const ids: string[] = []
  const first = new AbortController()
  const fetch = resumableFetch({ onStream: id => ids.push(id), stopOnAbort: false })
  const reader = { ...at({ tokens: 5, gapMs: 5 }), fetch, signal: first.signal, onText: () => first.abort() }
  await SDK_PATHS[0]?.ask(reader)
  const baseUrl = `${rig.rig.url}/v1`
  const resumed = { ...at({}), fetch: () => resumableFetch.resume(ids[0] ?? '', { baseUrl }) }
  expect((await SDK_PATHS[0]?.ask(resumed))?.text).toBe(tokenTexts(5).join(''))
  expect(mock.requests).toHaveLength(asked + 1)
})

test('models and embeddings are passed on', async () => {
  const client = openAi(at({}))
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['mock-1', 'mock-2'])
  const { data } = await client.embeddings.create({ model: MODEL, input: ['ab', 'c'] })
  expect(data.map(({ embedding }) => embedding[0])).toEqual([2, 1])
})

test('the example prints the whole answer over connections that are cut, and tells its id', async () => {
  const proxy = await startFaultProxy(Number(new URL(rig.rig.url).port))
  const cuts = [
    { afterBytes: 0, isReset: false },
    { afterBytes: 1_500, isReset: true },
    { afterBytes: 900, isReset: false },
  ]
  proxy.cutEach(() => cuts.shift() ?? null)
  const example = fileURLToPath(new URL('../../examples/chat/openai.mjs', import.meta.url))
  const question = scripted({ tokens: 20, gapMs: 2 })
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    example,
    question,
    `${proxy.url}/v1`,
  ])
  await proxy.close()
  expect(stdout).toBe(tokenTexts(20).join(''))
  expect(stderr).toMatch(/^answer [\w-]{22}: after a reload/)
  expect(cuts).toEqual([])
  expect(mock.requests).toHaveLength(asked + 1)
})
