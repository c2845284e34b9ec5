// How answers that are passed on end, for the SDKs as published and in the record (gateway.md 1 and 6): bodies that stay open after
// their reason, reasons that are not complete, refusals, counts.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resumableFetch } from '../../client/resumable-fetch/index.js'
import type { AuditEntry } from '../../src/chat/ports.js'
import { ask, type ChatRig, startChatRig } from '../support/chat-rig.js'
import { type PassCall, PassClient, type PassUpstream, startPassUpstream } from '../support/pass-upstream.js'
import { MODEL, SDK_PATHS } from '../support/sdk-paths.js'

let upstream: PassUpstream
let rig: ChatRig
beforeAll(async () => {
  upstream = await startPassUpstream()
  // Nothing but the rule for bodies that stay open may end an answer.
  const never = 3_600_000
  rig = await startChatRig({
    breakerRestMs: 1,
    backends: () => [upstream.url],
    chat: {
      relayUpstream: upstream.url,
      chatUpstream: 'openai',
      chatModel: MODEL,
      chatFirstTokenTimeoutMs: never,
      chatIdleTimeoutMs: never,
      chatMaxDurationMs: 2 * never,
      chatMaxStreamsPerUser: 100,
    },
  })
})
afterAll(async () => {
  await rig.close()
  await upstream.close()
})

const data = (value: unknown): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const named = (type: string, members: object = {}): string => `event: ${type}\n${data({ type, ...members })}`
const chunk = (delta: object, finish_reason: string | null = null): string =>
  data({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 0,
    model: MODEL,
    choices: [{ index: 0, delta, finish_reason }],
  })
const completion = (text: string, finish_reason: string | null = null): string =>
  data({
    id: 'c',
    object: 'text_completion',
    created: 0,
    model: MODEL,
    choices: [{ index: 0, text, finish_reason }],
  })
const CHAT = chunk({ role: 'assistant', content: 'a' })
const MESSAGE =
  named('message_start', {
    message: {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: MODEL,
      content: [],
      stop_reason: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  }) +
  named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
  named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'a' } }) +
  named('content_block_stop', { index: 0 }) +
  named('message_delta', {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 2 },
  })
const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 0,
  model: MODEL,
  status: 'completed',
  output: [],
}
const RESPONSE =
  named('response.created', { sequence_number: 0, response: { ...response, status: 'in_progress' } }) +
  named('response.output_item.added', {
    sequence_number: 1,
    output_index: 0,
    item: { id: 'm', type: 'message', role: 'assistant', status: 'in_progress', content: [] },
  }) +
  named('response.content_part.added', {
    sequence_number: 2,
    item_id: 'm',
    output_index: 0,
    content_index: 0,
    part: { type: 'output_text', text: '', annotations: [] },
  }) +
  named('response.output_text.delta', {
    sequence_number: 3,
    item_id: 'm',
    output_index: 0,
    content_index: 0,
    delta: 'a',
    logprobs: [],
  })

/** All that a backend says before it leaves its body open, by the path that asked. */
const OPEN: Readonly<Record<string, string>> = {
  '/v1/chat/completions': CHAT + chunk({}, 'stop'),
  '/v1/completions': completion('a') + completion('', 'stop'),
  '/v1/messages': MESSAGE,
  '/v1/responses': RESPONSE + named('response.completed', { sequence_number: 4, response }),
}

test('a body that stays open after its reason ends as the SDKs take it: whole, or as an error where they have no message', async () => {
  const paths = SDK_PATHS.filter(({ isStreamed }) => isStreamed)
  const calls: PassCall[] = []
  const clients = paths.flatMap(path =>
    [undefined, resumableFetch({ maxAttempts: 3, retryDelayMs: 1 })].map(async fetch => {
      const asked = path.ask({ url: rig.rig.url, question: 'q', ...(fetch === undefined ? {} : { fetch }) })
      return [
        path.name,
        await asked.then(
          ({ text }) => text,
          (error: unknown) => error instanceof Error,
        ),
      ] as const
    }),
  )
  for (const _ of clients) {
    const call = await upstream.next()
    calls.push(call.stream().say(OPEN[call.request.url ?? ''] ?? ''))
  }
  const results = await Promise.all(clients)
  for (const [name, result] of results)
    expect([name, result]).toEqual([name, name.startsWith('anthropic') ? true : 'a'])
  expect(results.some(([, result]) => result === true)).toBe(true)
  // The relay has closed every connection to the backend.
  await Promise.all(calls.map(({ closed }) => closed))
  const ends = rig.records.filter(({ operation }) => operation === 'stream.end')
  expect(ends).toHaveLength(clients.length)
  const reasons = new Set(ends.map(record => ('reason' in record ? record.reason : null)))
  expect(reasons).toEqual(new Set(['complete', 'upstream_cut']))
})

test('and so it does on the relay’s own routes', async () => {
  const reader = ask(rig)
  ;(await upstream.next()).stream().say(CHAT + chunk({}, 'length'))
  await reader.end()
  expect([reader.answer, reader.events.at(-1)?.type]).toEqual(['a', 'done'])
  expect(lastEnd()).toMatchObject({ reason: 'length' })
})

function lastEnd(): AuditEntry | undefined {
  return rig.records.findLast(({ operation }) => operation === 'stream.end')
}
const post = (path: string, body: object) => new PassClient(`${rig.rig.url}${path}`, { body })

test.each<readonly [what: string, path: string, text: string, record: object]>([
  [
    'a limit',
    '/v1/chat/completions',
    `${CHAT}${chunk({}, 'length')}${data('[DONE]')}`,
    { reason: 'length', tokens: 1 },
  ],
  [
    'a refusal',
    '/v1/chat/completions',
    `${chunk({ refusal: 'no' })}${chunk({}, 'stop')}${data('[DONE]')}`,
    { reason: 'refusal', bytes: 2 },
  ],
  ['nothing', '/v1/chat/completions', data('[DONE]'), { reason: 'empty', tokens: 0, firstTokenMs: null }],
  [
    'a text completion',
    '/v1/completions',
    `${completion('a')}${completion('', 'content_filter')}${data('[DONE]')}`,
    { reason: 'content_filter' },
  ],
  [
    'a refusal of a message',
    '/v1/messages',
    `${MESSAGE.replace('end_turn', 'refusal')}${named('message_stop')}`,
    { reason: 'refusal' },
  ],
  [
    'a response without its end',
    '/v1/responses',
    `${RESPONSE}${named('response.incomplete', { response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } } })}`,
    { reason: 'length' },
  ],
])('%s is recorded and counted as what it is', async (_, path, text, record) => {
  const client = post(path, { model: MODEL, stream: true })
  ;(await upstream.next()).stream().say(text).response.end()
  expect((await client.over()).end).toBe('ended')
  expect(lastEnd()).toMatchObject(record)
  expect(rig.observed.ends.at(-1)).toBe('reason' in record ? record.reason : null)
})

test.each<readonly [path: string, body: object, reason: string]>([
  [
    '/v1/chat/completions',
    { choices: [{ index: 0, message: { content: 'a' }, finish_reason: 'length' }] },
    'length',
  ],
  ['/v1/messages', { type: 'message', content: [], stop_reason: 'refusal' }, 'refusal'],
  [
    '/v1/responses',
    { ...response, status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
    'content_filter',
  ],
  ['/v1/chat/completions', { error: { message: 'no' } }, 'upstream_error'],
])('and so is an answer that is not streamed: %s', async (path, body, reason) => {
  const client = post(path, { model: MODEL })
  ;(await upstream.next()).response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify(body))
  await client.over()
  expect([client.status, client.json, lastEnd()]).toEqual([200, body, expect.objectContaining({ reason })])
})

test('counts that come with every chunk are spent once, the newest of them', async () => {
  const before = rig.limits.spendings.length
  const usage = (out: number) => ({ usage: { prompt_tokens: 7, completion_tokens: out } })
  const counted = (delta: object, out: number, reason: string | null = null) =>
    data({ choices: [{ index: 0, delta, finish_reason: reason }], ...usage(out) })
  const client = post('/v1/chat/completions', { model: MODEL, stream: true })
  const words = Array.from({ length: 50 }, (_, i) => counted({ content: 'a' }, i + 1)).join('')
  ;(await upstream.next())
    .stream()
    .say(`${words}${counted({}, 50, 'stop')}${data('[DONE]')}`)
    .response.end()
  await client.over()
  expect(rig.limits.spendings.slice(before)).toEqual([
    { key: null, tokens: { in: 7, out: 50, estimated: false } },
  ])
})
