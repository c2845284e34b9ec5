// Whole answers in every dialect: the answer is the same, whatever the dialect, the form of the body and its chunks.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { UpstreamEvent } from '../events.js'
import { createDialectReader, MAX_EVENT_CHARS } from './dialect-reader.js'

const EVENTS = 'text/event-stream; charset=utf-8'
const sse = (...frames: readonly unknown[]): string =>
  frames.map(frame => `data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n\n`).join('')
const named = (...frames: readonly { readonly type: string }[]): string =>
  frames.map(frame => `event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`).join('')
const lines = (...frames: readonly unknown[]): string =>
  frames.map(frame => `${JSON.stringify(frame)}\n`).join('')

/** What comes of a body in these chunks, with neighbouring texts joined. */
function read(type: string, chunks: readonly Buffer[]): { events: UpstreamEvent[]; unknown: string[] } {
  const unknown: string[] = []
  const reader = createDialectReader(kind => unknown.push(kind))
  expect(reader.accepts?.(type)).toBe(true)
  const events: UpstreamEvent[] = []
  const take = (items: readonly UpstreamEvent[]): void => {
    for (const event of items) {
      const last = events.at(-1)
      const isText = event.type === 'token' || event.type === 'reasoning' || event.type === 'refusal'
      if (last !== undefined && 'data' in last && isText && last.type === event.type) {
        events[events.length - 1] = { type: event.type, data: `${String(last.data)}${event.data}` }
      } else events.push(event)
    }
  }
  for (const chunk of chunks) if (!events.some(reader.isTerminal)) take(reader.push(chunk) ?? [])
  if (!events.some(reader.isTerminal)) take(reader.end())
  return { events, unknown }
}

const WORDS = ['Grüße, ', '你好 ', '👩‍👩‍👧 ', 'end']
const TEXT = WORDS.join('')
const chunk = (choice: object | null, more: object = {}) => ({
  object: 'chat.completion.chunk',
  model: 'm-1',
  choices: choice === null ? [] : [{ index: 0, ...choice }],
  ...more,
})
const thought = { type: 'reasoning', data: 'hm' } as const
const model = { type: 'metadata', data: { model: 'm-1' } } as const
const text = { type: 'token', data: TEXT } as const
const usage = { type: 'usage', data: { inputTokens: 3, outputTokens: 4 } } as const
const done = { type: 'done', reason: 'length' } as const
const PROMPT = { prompt_tokens: 3, completion_tokens: 4 }
const ANTHROPIC_HEAD = { type: 'message_start', message: { model: 'm-1', usage: { input_tokens: 3 } } }
const input = { type: 'usage', data: { inputTokens: 3 } } as const
const output = { type: 'usage', data: { outputTokens: 4 } } as const
const response = (more: object) => ({ object: 'response', model: 'm-1', error: null, ...more })
const messageItem = { type: 'message', content: [{ type: 'output_text', text: TEXT }] }
const INCOMPLETE = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }

const BODIES: readonly (readonly [
  name: string,
  type: string,
  body: string,
  events: readonly UpstreamEvent[],
])[] = [
  [
    'OpenAI chat',
    EVENTS,
    sse(
      chunk({ delta: { reasoning_content: 'hm' } }),
      ...WORDS.map(content => chunk({ delta: { content } })),
      chunk({ delta: {}, finish_reason: 'length' }),
      chunk(null, { usage: PROMPT }),
      '[DONE]',
    ),
    [model, thought, text, usage, done],
  ],
  [
    'OpenAI completions',
    EVENTS,
    sse(...WORDS.map(each => ({ choices: [{ text: each }] })), {
      choices: [{ text: '', finish_reason: 'length' }],
    }),
    [text, done],
  ],
  [
    'OpenAI chat, one document',
    'application/json',
    JSON.stringify({
      object: 'chat.completion',
      model: 'm-1',
      choices: [{ index: 0, message: { reasoning: 'hm', content: TEXT }, finish_reason: 'length' }],
      usage: PROMPT,
    }),
    [model, text, thought, usage, done],
  ],
  [
    'OpenAI responses',
    EVENTS,
    named(
      { type: 'response.created', ...{ response: response({ status: 'in_progress' }) } },
      { type: 'response.reasoning_summary_text.delta', ...{ delta: 'hm' } },
      ...WORDS.map(delta => ({ type: 'response.output_text.delta', delta })),
      {
        type: 'response.incomplete',
        ...{
          response: response({
            ...INCOMPLETE,
            output: [messageItem],
            usage: { input_tokens: 3, output_tokens: 4 },
          }),
        },
      },
    ),
    [model, thought, text, usage, done],
  ],
  [
    'OpenAI responses, one document',
    'application/json',
    JSON.stringify(response({ ...INCOMPLETE, output: [messageItem] })),
    [model, text, done],
  ],
  [
    'Anthropic',
    EVENTS,
    named(
      ANTHROPIC_HEAD,
      { type: 'ping' },
      { type: 'content_block_start', ...{ content_block: { type: 'thinking', thinking: '' } } },
      { type: 'content_block_delta', ...{ delta: { type: 'thinking_delta', thinking: 'hm' } } },
      { type: 'content_block_delta', ...{ delta: { type: 'signature_delta', signature: 'x' } } },
      { type: 'content_block_stop' },
      { type: 'content_block_start', ...{ content_block: { type: 'text', text: '' } } },
      ...WORDS.map(each => ({ type: 'content_block_delta', delta: { type: 'text_delta', text: each } })),
      { type: 'message_delta', ...{ delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 4 } } },
      { type: 'message_stop' },
    ),
    [model, input, thought, text, output, done],
  ],
  [
    'Anthropic, one document',
    'application/json; charset=utf-8',
    JSON.stringify({
      type: 'message',
      model: 'm-1',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: TEXT },
      ],
      stop_reason: 'max_tokens',
      usage: { input_tokens: 3, output_tokens: 4 },
    }),
    [model, usage, thought, text, done],
  ],
  [
    'Gemini',
    EVENTS,
    sse(
      { candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }], modelVersion: 'm-1' },
      ...WORDS.map(each => ({ candidates: [{ content: { parts: [{ text: each }] } }] })),
      {
        candidates: [{ finishReason: 'MAX_TOKENS', index: 0 }],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 1, thoughtsTokenCount: 3 },
      },
    ),
    [model, thought, text, usage, done],
  ],
  [
    'Gemini, one document',
    'application/json',
    JSON.stringify([
      { candidates: [{ content: { parts: [{ text: TEXT }] } }] },
      { candidates: [{ finishReason: 'MAX_TOKENS' }] },
    ]),
    [text, done],
  ],
  [
    'Ollama',
    'application/x-ndjson',
    lines(
      { model: 'm-1', message: { content: '', thinking: 'hm' }, done: false },
      ...WORDS.map(content => ({ model: 'm-1', message: { content }, done: false })),
      { message: { content: '' }, done: true, done_reason: 'length', prompt_eval_count: 3, eval_count: 4 },
    ),
    [model, thought, text, usage, done],
  ],
  [
    'Ollama generate, lines under the type of a document',
    'application/json',
    lines(...WORDS.map(each => ({ response: each, done: false })), {
      response: '',
      done: true,
      done_reason: 'length',
    }),
    [text, done],
  ],
  [
    'llama.cpp',
    EVENTS,
    sse(...WORDS.map(content => ({ content, stop: false })), { content: '', stop: true, stop_type: 'limit' }),
    [text, done],
  ],
  [
    'text-generation-inference',
    EVENTS,
    sse(...WORDS.map(each => ({ token: { text: each, special: false }, generated_text: null })), {
      token: { text: '</s>', special: true },
      generated_text: TEXT,
      details: { finish_reason: 'length' },
    }),
    [text, done],
  ],
  [
    'Cohere',
    EVENTS,
    named(
      { type: 'message-start' },
      ...WORDS.map(each => ({ type: 'content-delta', delta: { message: { content: { text: each } } } })),
      {
        type: 'message-end',
        ...{
          delta: { finish_reason: 'MAX_TOKENS', usage: { tokens: { input_tokens: 3, output_tokens: 4 } } },
        },
      },
    ),
    [text, usage, done],
  ],
  [
    'Bedrock',
    EVENTS,
    sse(
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { delta: { reasoningContent: { text: 'hm' } } } },
      ...WORDS.map(each => ({ contentBlockDelta: { delta: { text: each } } })),
      { messageStop: { stopReason: 'max_tokens' } },
      { metadata: { usage: { inputTokens: 3, outputTokens: 4 } } },
    ),
    [thought, text, usage, done],
  ],
  [
    'AI SDK',
    EVENTS,
    sse(
      { type: 'start', messageId: 'x' },
      { type: 'reasoning-delta', id: '0', delta: 'hm' },
      ...WORDS.map(delta => ({ type: 'text-delta', id: '1', delta })),
      { type: 'finish', finishReason: 'length' },
      '[DONE]',
    ),
    [thought, text, done],
  ],
  [
    'untyped',
    EVENTS,
    sse(...WORDS.map(each => ({ text: each })), { done: true, reason: 'length' }),
    [text, done],
  ],
  [
    'typed',
    EVENTS,
    sse(...WORDS.map(data => ({ type: 'token', data })), {
      type: 'done',
      data: { reason: 'length', usage: PROMPT },
    }),
    [text, usage, done],
  ],
  [
    'the names of events',
    EVENTS,
    `event: thinking\ndata: hm\n\n${WORDS.map(each => `event: token\ndata: ${JSON.stringify(each)}\n\n`).join('')}event: done\ndata: {"reason":"length"}\n\n`,
    [thought, text, done],
  ],
]

test.each(BODIES)('%s', (_, type, body, events) => {
  expect(read(type, [Buffer.from(body)])).toEqual({ events, unknown: [] })
})

test('cut anywhere, and with any line end, a body says the same', () => {
  const one = fc.constantFrom(...BODIES)
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
  fc.assert(
    fc.property(
      one,
      lineEnd,
      fc.array(fc.integer({ min: 1, max: 90 })),
      ([, type, body, events], end, sizes) => {
        // Within JSON there are no line ends.
        const bytes = Buffer.from(type === EVENTS ? body.replaceAll('\n', end) : body)
        const chunks: Buffer[] = []
        let at = 0
        for (const size of [...sizes, bytes.length]) {
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(read(type, chunks)).toEqual({ events, unknown: [] })
      },
    ),
    { numRuns: 150 },
  )
})

describe('a line', () => {
  test('of 5 MB is understood', () => {
    const data = 'x'.repeat(5_000_000)
    const body = Buffer.from(sse({ text: data }, { done: true }))
    const chunks = Array.from({ length: 80 }, (_, i) => body.subarray(i << 16, (i + 1) << 16))
    expect(read(EVENTS, chunks).events).toEqual([
      { type: 'token', data },
      { type: 'done', reason: 'complete' },
    ])
  })
  test.each([EVENTS, 'application/x-ndjson', 'application/json'])(
    'beyond the limit is a named error: %s',
    type => {
      const body = Buffer.from(`data: ${'x'.repeat(MAX_EVENT_CHARS)}`)
      expect(read(type, [body, Buffer.from('\n\n')]).events).toEqual([
        { type: 'error', code: 'upstream_line_too_long' },
      ])
    },
  )
})

test('a tail without its blank line ends the answer only if it says so; then nothing of it is lost', () => {
  const cut = `${sse({ text: 'a' })}data: {"text":"b"}`
  expect(read(EVENTS, [Buffer.from(cut)]).events.map(({ type }) => type)).not.toContain('done')
  const last = JSON.stringify(chunk({ delta: { content: 'b' }, finish_reason: 'stop' }))
  const ended = `${sse(chunk({ delta: { content: 'a' } }))}data: ${last}`
  expect(read(EVENTS, [Buffer.from(ended)]).events).toEqual([
    model,
    { type: 'token', data: 'ab' },
    { type: 'done', reason: 'complete' },
  ])
})

test('frames that were not understood are named by their type or members, never by their text', () => {
  const body = sse({ what: 'secret', is: 1 }, { type: 'surprise', text: 'secret' }, 'secret', '[1]')
  expect(read(EVENTS, [Buffer.from(`${body}event: odd\ndata: {"a":"secret"}\n\n`)])).toEqual({
    events: [{ type: 'error', code: 'upstream_failed' }],
    unknown: ['{what, is}', 'surprise', 'not a JSON object', 'not a JSON object', 'odd'],
  })
})
