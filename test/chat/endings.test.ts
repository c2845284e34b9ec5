// How answers end: what a stream and a whole answer say of each end, whatever the upstream sent (gateway.md 6).
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, resume, startChatRig, until } from '../support/chat-rig.js'
import { startHandUpstream } from '../support/hand-upstream.js'

const sse = (...frames: readonly unknown[]): string =>
  frames.map(frame => `data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n\n`).join('')
const chunk = (delta: object, finish_reason: string | null = null) => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason }],
})
const EVENTS = 'text/event-stream'

type Expected = {
  /** The terminal: the reason of `done`, or the code of `error`. */
  readonly end: string
  readonly answer?: string
  /** The status of the whole answer; 200 unless it is an error. */
  readonly status?: number
  readonly whole?: object
}
type Case = { readonly type: string; readonly body: string } & Expected

const CASES: Readonly<Record<string, Case>> = {
  complete: {
    type: EVENTS,
    body: sse(chunk({ content: 'a' }, 'stop'), '[DONE]'),
    end: 'complete',
    answer: 'a',
    whole: { success: true, reason: 'complete', truncated: false, response: 'a' },
  },
  'cut short': {
    type: EVENTS,
    body: sse(chunk({ content: 'a' }, 'MAX_TOKENS'), '[DONE]'),
    end: 'length',
    answer: 'a',
    whole: { success: false, reason: 'length', truncated: true, response: 'a' },
  },
  withheld: {
    type: EVENTS,
    body: sse(chunk({}, 'SAFETY')),
    end: 'content_filter',
    whole: { success: false, reason: 'content_filter', truncated: false, response: '' },
  },
  declined: {
    type: EVENTS,
    body: sse(chunk({ refusal: 'I ' }), chunk({ refusal: 'cannot.' }, 'stop'), '[DONE]'),
    end: 'refusal',
    whole: { success: false, reason: 'refusal', response: '', refusal: 'I cannot.' },
  },
  'thought about, and empty': {
    type: EVENTS,
    body: sse(chunk({ reasoning_content: 'hm' }), chunk({}, 'stop'), '[DONE]'),
    end: 'empty',
    whole: { success: false, reason: 'empty', reasoning: 'hm', response: '' },
  },
  'failed in band, and then done': {
    type: EVENTS,
    body: sse(chunk({ content: 'a' }), { object: 'error', message: 'secret' }, '[DONE]'),
    end: 'upstream_error',
    answer: 'a',
    status: 502,
  },
  'of frames that nobody knows': {
    type: EVENTS,
    body: `: hello\n\n${sse({ what: 'secret' }, { type: 'surprise' }, '[DONE]')}`,
    end: 'upstream_failed',
    status: 502,
  },
  'of a picture': {
    type: EVENTS,
    body: sse(chunk({ content: 'a' }), chunk({ content: [{ type: 'image_url' }] }), '[DONE]'),
    end: 'upstream_not_understood',
    answer: 'a',
    status: 502,
  },
  'one document': {
    type: 'application/json',
    body: JSON.stringify({
      object: 'chat.completion',
      choices: [{ message: { content: 'a' }, finish_reason: 'stop' }],
    }),
    end: 'complete',
    answer: 'a',
    whole: { success: true, response: 'a' },
  },
  'JSON lines with halves of a character': {
    type: 'application/x-ndjson',
    body: '{"message":{"content":"\\ud83d"},"done":false}\n{"message":{"content":"\\ude00"},"done":true}\n',
    end: 'complete',
    answer: '😀',
    whole: { success: true, response: '😀' },
  },
  'counted in every frame': {
    type: EVENTS,
    body: sse(
      ...[1, 2, 3].map(n => ({
        ...chunk({ content: 'a' }),
        usage: { prompt_tokens: 9, completion_tokens: n },
      })),
      chunk({}, 'stop'),
      '[DONE]',
    ),
    end: 'complete',
    answer: 'aaa',
    whole: { success: true, usage: { inputTokens: 9, outputTokens: 3, estimated: false } },
  },
}

let rig: ChatRig
const upstream = createServer((request, response) => {
  const name = new URL(request.url ?? '/', 'http://x').searchParams.get('query') ?? ''
  const { type, body } = CASES[name] ?? { type: EVENTS, body: '' }
  response.writeHead(200, { 'content-type': type }).end(body)
})
beforeAll(async () => {
  await new Promise<void>(resolve => void upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  rig = await startChatRig({ backends: () => [`http://127.0.0.1:${port}`], breakerRestMs: 1 })
})
afterAll(async () => {
  await rig.close()
  upstream.closeAllConnections()
  upstream.close()
})

test.each(Object.entries(CASES))('an answer that is %s', async (query, expected) => {
  const { end, answer = '', status = 200, whole } = expected
  rig.observed.ends.length = 0
  rig.lines.length = 0
  const reader = await ask(rig, { query }).end()
  if (reader.status === 200) {
    expect(reader.answer).toBe(answer)
    expect(reader.terminals).toMatchObject([{ data: status === 200 ? { reason: end } : { code: end } }])
    expect(reader.ofType('usage')).toHaveLength(1)
    expect(reader.numbered.map(({ sequence }) => sequence)).toEqual(reader.numbered.map((_, i) => i))
  }
  const once = await new ChatReader(`${rig.base}/chat`, { method: 'POST', body: { query } }).end()
  expect(once.status).toBe(status)
  if (whole !== undefined) expect(once.json).toMatchObject(whole)
  expect(rig.observed.ends).toEqual([end, end])
  expect(`${reader.text}${once.text}${rig.lines.join('')}`).not.toContain('secret')
  if (end === 'upstream_failed') expect(rig.lines.join('')).toContain('"unknownFrames":["{what}","surprise"]')
})

test('a server that stops lets answers finish that run, and be resumed; it takes no new questions', async () => {
  const hand = await startHandUpstream()
  const here = await startChatRig({ backends: () => [hand.url] })
  const reader = ask(here)
  await hand.say('a')
  await reader.until(({ answer }) => answer === 'a')
  const closed = here.relay.close(30_000, 30_000)
  expect([(await ask(here).end()).json.code]).toEqual(['draining'])
  reader.cut()
  const again = resume(here, reader.streamId, reader.lastSequence)
  await hand.say('b')
  await again.until(({ answer }) => answer === 'b')
  await hand.done()
  await again.end()
  expect(again.terminals).toMatchObject([{ type: 'done', data: { reason: 'complete' } }])
  await closed
  await here.close()
  await hand.close()
})

test('answers that run on when the time to finish is over end with shutdown', async () => {
  const hand = await startHandUpstream()
  const here = await startChatRig({ backends: () => [hand.url] })
  const reader = ask(here)
  await hand.say('a')
  await reader.until(({ answer }) => answer === 'a')
  await here.relay.close(30_000, 20)
  await reader.end()
  expect(reader.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'shutdown' } }])
  await until(() => here.timers.waiting() === 0, 'no timer left')
  await here.close()
  await hand.close()
})
