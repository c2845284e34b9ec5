// How each wire sees that an answer has ended, and how: the events of a body, through the reader that the relay uses.
import { describe, expect, test } from 'vitest'
import { createPassReader, type PassEvent } from '../pass-reader.js'
import { createWholeReader } from '../whole-reader.js'
import { anthropic } from './anthropic.js'
import { events } from './events.js'
import { openAiChat } from './openai-chat.js'
import { openAiResponses } from './openai-responses.js'
import { uiMessage } from './ui-message.js'
import type { Wire } from './wire.js'

const data = (value: unknown): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const named = (type: string, members: object = {}): string => `event: ${type}\n${data({ type, ...members })}`
const DONE = data('[DONE]')

/** The last event of these, whether the reason of the end is known, and what the end of the body is after them. */
function read(wire: Wire, ...parts: readonly string[]) {
  const reader = createPassReader(wire)
  const parsed = parts.flatMap(part => reader.push(Buffer.from(part)) ?? [])
  const last = parsed.at(-1)
  return {
    last: endOf(last),
    hasReason: reader.hasReason?.() ?? false,
    end: endOf(reader.end().at(-1)),
    parsed,
  }
}
function endOf(event: PassEvent | undefined): string | null {
  return event?.ends === 'done' ? event.reason : (event?.ends ?? null)
}

const chunk = (delta: object, finish_reason: string | null = null, index = 0): string =>
  data({ object: 'chat.completion.chunk', choices: [{ index, delta, finish_reason }] })
const ROLE = chunk({ role: 'assistant', content: '', refusal: null })
const WORD = chunk({ content: 'a' })

describe('chat completions', () => {
  test.each<readonly [what: string, parts: readonly string[], end: string]>([
    ['a stop', [ROLE, WORD, chunk({}, 'stop'), DONE], 'complete'],
    ['a reason in the chunk of the last word', [chunk({ content: 'a' }, 'stop'), DONE], 'complete'],
    ['a limit, in any case and spelling', [WORD, chunk({}, 'MAX_TOKENS'), DONE], 'length'],
    ['a filter', [WORD, chunk({}, 'content_filter'), DONE], 'content_filter'],
    [
      'a tool',
      [chunk({ tool_calls: [{ index: 1, function: { name: 'f' } }] }), chunk({}, 'tool_calls'), DONE],
      'tool_calls',
    ],
    ['a refusal under a stop', [chunk({ refusal: 'no' }), chunk({}, 'stop'), DONE], 'refusal'],
    ['a word without a reason', [WORD, DONE], 'complete'],
    ['nothing at all', [DONE], 'empty'],
    ['a role and a reason alone', [ROLE, chunk({}, 'stop'), DONE], 'empty'],
    [
      'what has no word here, but counts',
      [
        chunk({ images: [{}] }),
        chunk({}, 'stop'),
        data({ choices: [], usage: { completion_tokens: 9 } }),
        DONE,
      ],
      'complete',
    ],
    ['a reason of its own', [WORD, chunk({}, 'Odd Reason'), DONE], 'odd_reason'],
    [
      'a text completion',
      [data({ choices: [{ index: 0, text: 'a', finish_reason: 'length' }] }), DONE],
      'length',
    ],
    [
      'several choices, of which one is not complete',
      [WORD, chunk({ content: 'b' }, null, 1), chunk({}, 'stop'), chunk({}, 'length', 1), DONE],
      'length',
    ],
    ['a failure as a reason', [WORD, chunk({}, 'error'), DONE], 'error'],
    [
      'an error in a chunk',
      [WORD, data({ error: { message: 'x' }, choices: [{ index: 0, delta: {}, finish_reason: 'error' }] })],
      'error',
    ],
    ['an error as an object', [WORD, data({ object: 'error', message: 'x' })], 'error'],
    ['an error by the name of its event', [WORD, `event: error\n${data('no JSON')}`], 'error'],
    ['an error as a detail', [WORD, data({ detail: 'x' })], 'error'],
    [
      'an error in another API’s form',
      [WORD, data({ type: 'error', error: { type: 'overloaded_error' } })],
      'error',
    ],
    ['errors', [data({ errors: [{ message: 'x' }] })], 'error'],
  ])('%s', (_, parts, end) => expect(read(openAiChat(), ...parts).last).toBe(end))

  test.each<readonly [what: string, parts: readonly string[], end: string | null]>([
    ['no reason', [ROLE, WORD], null],
    ['a reason', [WORD, chunk({}, 'length')], 'length'],
    [
      'a reason with spaces',
      [WORD, 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason" : "stop"}]}\n\n'],
      'complete',
    ],
    [
      'a reason and its counts',
      [WORD, chunk({}, 'stop'), data({ choices: [], usage: { prompt_tokens: 1 } })],
      'complete',
    ],
    ['an empty reason', [chunk({ content: 'a' }, '')], null],
    ['a reason in the words of the answer', [chunk({ content: '"finish_reason":"stop"' })], null],
    ['one of two choices', [WORD, chunk({ content: 'b' }, null, 1), chunk({}, 'stop')], null],
    [
      'both choices',
      [WORD, chunk({ content: 'b' }, null, 1), chunk({}, 'stop', 1), chunk({}, 'stop')],
      'complete',
    ],
    ['a reason in every chunk', [chunk({ content: 'a' }, 'stop'), chunk({ content: 'b' }, 'stop')], null],
    ['words after the reason', [chunk({ content: 'a' }, 'stop'), WORD], null],
  ])('before an end without its terminal: %s', (_, parts, end) => {
    const seen = read(openAiChat(), ...parts)
    expect([seen.end, seen.hasReason]).toEqual([end, end !== null])
  })

  test('a last chunk without its blank line counts where it has the reason, with all of its bytes', () => {
    const reader = createPassReader(openAiChat())
    const last = chunk({ content: 'b' }, 'stop').slice(0, -1)
    expect(reader.push(Buffer.from(WORD + last))).toHaveLength(1)
    const [tail, end] = reader.end()
    expect([tail?.bytes.toString(), tail?.ends, endOf(end)]).toEqual([`${last}\n`, null, 'complete'])
    const cut = createPassReader(openAiChat())
    cut.push(Buffer.from(WORD + chunk({}, 'stop') + last.slice(0, 30)))
    expect(cut.end().map(({ bytes, reason }) => [bytes.length, reason])).toEqual([[0, 'complete']])
  })
})

const DELTA = named('content_block_delta', { delta: { type: 'text_delta', text: 'a' } })
const reason = (stop_reason: string | null): string =>
  named('message_delta', { delta: { stop_reason }, usage: { output_tokens: 3 } })
const STOP = named('message_stop')

describe('messages', () => {
  test.each<readonly [parts: readonly string[], end: string]>([
    [[DELTA, reason('end_turn'), STOP], 'complete'],
    [[DELTA, reason('max_tokens'), STOP], 'length'],
    [[DELTA, reason('refusal'), STOP], 'refusal'],
    [[DELTA, reason('tool_use'), STOP], 'tool_calls'],
    [[DELTA, reason('model_context_window_exceeded'), STOP], 'length'],
    [[DELTA, STOP], 'complete'],
    [[named('message_start', { message: { usage: { input_tokens: 3, output_tokens: 0 } } }), STOP], 'empty'],
    [[DELTA, named('error', { error: { type: 'overloaded_error' } })], 'error'],
    [[DELTA, data({ error: { message: 'x' } })], 'error'],
  ])('%j: %s', (parts, end) => expect(read(anthropic(), ...parts).last).toBe(end))

  test('a reason is no end, and is soon followed by one', () => {
    expect(read(anthropic(), DELTA, reason('end_turn'))).toMatchObject({ hasReason: true, end: null })
    expect(read(anthropic(), DELTA, reason(null))).toMatchObject({ hasReason: false, end: null })
    expect(read(anthropic(), reason('end_turn'), DELTA)).toMatchObject({ hasReason: false, end: null })
  })
})

const completed = (status: string, members: object = {}, output: readonly object[] = []): string =>
  named(`response.${status}`, { response: { object: 'response', status, output, ...members } })
const TEXT = named('response.output_text.delta', { delta: 'a' })

describe('responses', () => {
  test.each<readonly [parts: readonly string[], end: string]>([
    [[TEXT, completed('completed')], 'complete'],
    [[TEXT, completed('incomplete', { incomplete_details: { reason: 'max_output_tokens' } })], 'length'],
    [[TEXT, completed('incomplete', { incomplete_details: { reason: 'content_filter' } })], 'content_filter'],
    [[TEXT, completed('cancelled')], 'cancelled'],
    [[TEXT, completed('failed', { error: { code: 'x' } })], 'error'],
    [[named('response.refusal.delta', { delta: 'no' }), completed('completed')], 'refusal'],
    [[completed('completed', {}, [{ type: 'function_call', name: 'f' }])], 'tool_calls'],
    [[completed('completed', {}, [{ type: 'image_generation_call', result: 'x' }])], 'complete'],
    [[completed('completed')], 'empty'],
    [[TEXT, named('error', { message: 'x' })], 'error'],
    [[TEXT, data({ error: { message: 'x' } })], 'error'],
  ])('%j: %s', (parts, end) => expect(read(openAiResponses(), ...parts).last).toBe(end))

  test('only its own terminal is an end', () => {
    expect(read(openAiResponses(), TEXT, named('response.output_text.done'))).toMatchObject({
      hasReason: false,
      end: null,
    })
  })
})

describe('the stream of an AI SDK app', () => {
  const text = data({ type: 'text-delta', id: '1', delta: 'a' })
  test.each<readonly [parts: readonly string[], end: string | null]>([
    [[text], null],
    [[text, data({ type: 'finish', finishReason: 'length' })], 'length'],
    [[text, data({ type: 'finish' })], 'complete'],
    [[text, data({ type: 'abort' })], 'abort'],
    [[text, data({ type: 'error', errorText: 'x' })], 'error'],
  ])('%j ends with its body: %s', (parts, end) => {
    const seen = read(uiMessage(), ...parts)
    expect([seen.end, seen.hasReason, read(uiMessage(), ...parts, DONE).last]).toEqual([
      end,
      false,
      end ?? 'complete',
    ])
  })
})

test('any other event stream ends with its body', () => {
  expect(read(events(), data('x'))).toMatchObject({ end: 'complete', hasReason: false })
})

describe('an answer that comes as one document', () => {
  test.each<readonly [document: unknown, end: string]>([
    [{ choices: [{ index: 0, message: { content: 'a' }, finish_reason: 'stop' }] }, 'complete'],
    [{ choices: [{ index: 0, message: { content: 'a' }, finish_reason: 'length' }] }, 'length'],
    [
      { choices: [{ index: 0, message: { refusal: 'no', content: null }, finish_reason: 'stop' }] },
      'refusal',
    ],
    [{ choices: [] }, 'complete'],
    [{ type: 'message', content: [{ type: 'text', text: 'a' }], stop_reason: 'max_tokens' }, 'length'],
    [
      { object: 'response', status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      'length',
    ],
    [{ object: 'response', status: 'completed', output: [], error: null }, 'complete'],
    [{ object: 'response', status: 'queued' }, 'queued'],
    [{ object: 'response', status: 'failed', error: { code: 'x' } }, 'error'],
    [{ error: { message: 'x' } }, 'error'],
    [{ anything: 1 }, 'complete'],
  ])('%j: %s', (document, end) => {
    const reader = createWholeReader()
    reader.push(Buffer.from(JSON.stringify(document)))
    const [parsed] = reader.end()
    expect(endOf(parsed)).toBe(end)
    expect([parsed && reader.isVisible(parsed), parsed && reader.isError(parsed)]).toEqual([
      end !== 'error',
      end === 'error',
    ])
  })
})

test.each<readonly [wire: () => Wire, parts: readonly string[], usage: object]>([
  [
    openAiChat,
    [
      '{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}',
      '{"choices":[],"usage": {"prompt_tokens":5,"completion_tokens":2}}',
    ],
    { inputTokens: 5, outputTokens: 2 },
  ],
  [
    anthropic,
    [
      '{"type":"message_start","message":{"usage":{"input_tokens":5,"output_tokens":1}}}',
      '{"type":"message_delta","delta":{},"usage":{"output_tokens":2}}',
    ],
    { inputTokens: 5, outputTokens: 2 },
  ],
])('counts that are repeated are taken from the newest', (wire, parts, usage) => {
  const { parsed } = read(wire(), ...parts.map(data))
  expect(Object.assign({}, ...parsed.map(each => each.usage))).toEqual(usage)
})
