// What of a conversation is sent, and how an answer becomes a message.
import type { UIMessage, UIMessageChunk } from 'ai'
import { describe, expect, test } from 'vitest'
import type { ChatEvent } from '../chat/events.js'
import { questionOf, takeEvent } from './bali-zero.js'
import { createOpenAiReader } from './openai-chunks.js'
import { openAiMessages } from './openai-messages.js'
import { createParts } from './parts.js'
import { runningAnswers } from './running.js'

const message = (role: UIMessage['role'], ...parts: UIMessage['parts']): UIMessage => ({
  id: 'm',
  role,
  parts,
})
const text = (words: string) => ({ type: 'text', text: words }) as const
const file = (mediaType: string) => ({ type: 'file', mediaType, url: 'data:,x' }) as const

describe('a question of the bali-zero routes', () => {
  test('is the last message of a user; the turns before it are the history', () => {
    expect(
      questionOf([
        message('user', text('one?')),
        message('assistant', { type: 'reasoning', text: 'hm' }, text('1'), text('!')),
        message('user', text('two?')),
      ]),
    ).toEqual({
      query: 'two?',
      conversation_history: [
        { role: 'user', content: 'one?' },
        { role: 'assistant', content: '1!' },
      ],
    })
    expect(questionOf([message('user', text('one?'))])).toEqual({ query: 'one?' })
  })

  test.each([
    ['a file', [message('user', file('image/png'))], /text only/],
    ['a system message', [message('system', text('be nice')), message('user', text('?'))], /no system/],
    ['no message of a user', [message('assistant', text('hi'))], /no message of a user/],
  ])('is refused with %s', (_, messages, why) => {
    expect(() => questionOf(messages)).toThrow(why)
  })
})

describe("OpenAI's messages", () => {
  test('are text where text is enough, else a list', () => {
    expect(
      openAiMessages([
        message('system', text('be nice')),
        message('user', text('what is '), text('this?'), file('image/png')),
      ]),
    ).toEqual([
      { role: 'system', content: 'be nice' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is ' },
          { type: 'text', text: 'this?' },
          { type: 'image_url', image_url: { url: 'data:,x' } },
        ],
      },
    ])
    expect(() => openAiMessages([message('user', file('application/pdf'))])).toThrow(/application\/pdf/)
  })

  test('have the calls of each step, then their results; an unanswered call is left out', () => {
    const call = { type: 'tool-weather', toolCallId: 'c1', input: { city: 'Oslo' } } as const
    expect(
      openAiMessages([
        message(
          'assistant',
          { type: 'step-start' },
          text('I look.'),
          { ...call, state: 'output-available', output: { degrees: 3 } },
          { ...call, toolCallId: 'c2', state: 'output-error', errorText: 'no such city' },
          { ...call, toolCallId: 'c3', state: 'input-available' },
          { type: 'step-start' },
          text('3 degrees.'),
        ),
      ]),
    ).toEqual([
      {
        role: 'assistant',
        content: 'I look.',
        tool_calls: ['c1', 'c2'].map(id => ({
          id,
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Oslo"}' },
        })),
      },
      { role: 'tool', tool_call_id: 'c1', content: '{"degrees":3}' },
      { role: 'tool', tool_call_id: 'c2', content: 'no such city' },
      { role: 'assistant', content: '3 degrees.' },
    ])
  })
})

function collected() {
  const chunks: UIMessageChunk[] = []
  return { chunks, parts: createParts(chunk => chunks.push(chunk)) }
}
const types = (chunks: readonly UIMessageChunk[]) => chunks.map(({ type }) => type)

describe('a message', () => {
  test('of the relay has each part opened once and closed before the next', () => {
    const { chunks, parts } = collected()
    parts.start('id')
    const event = (type: string, data: unknown) =>
      takeEvent(parts, { type, data, sequence: 1, timestamp: 1 } as ChatEvent)
    event('metadata', { status: 'connected', connectionId: 'c', streamId: 's', identified: false })
    event('sources', [{ title: 'a', url: 'https://a' }, { source: 'b' }])
    event('token', 'Hel')
    event('token', 'lo')
    event('usage', { outputTokens: 2, estimated: false })
    event('done', { reason: 'length' })
    expect(chunks).toEqual([
      { type: 'start', messageId: 'id' },
      { type: 'start-step' },
      { type: 'source-url', sourceId: 'source-0', url: 'https://a', title: 'a' },
      { type: 'source-document', sourceId: 'source-1', mediaType: 'text/plain', title: 'b' },
      { type: 'text-start', id: 'part-2' },
      { type: 'text-delta', id: 'part-2', delta: 'Hel' },
      { type: 'text-delta', id: 'part-2', delta: 'lo' },
      { type: 'message-metadata', messageMetadata: { usage: { outputTokens: 2, estimated: false } } },
      { type: 'text-end', id: 'part-2' },
      { type: 'finish-step' },
      { type: 'finish', finishReason: 'length' },
    ])
  })

  test('that the server ended is an error; one that its reader stopped is not', () => {
    for (const [reason, last] of [
      ['shutdown', 'error'],
      ['client_stop', 'finish'],
    ] as const) {
      const { chunks, parts } = collected()
      takeEvent(parts, { type: 'aborted', data: { reason }, sequence: 1, timestamp: 1 })
      expect(chunks.at(-1)?.type).toBe(last)
    }
  })

  test("of OpenAI's format shows reasoning, text, refusals and tools of the first choice", () => {
    const { chunks, parts } = collected()
    const reader = createOpenAiReader(parts)
    const delta = (given: object, more: object = {}) =>
      reader.take(JSON.stringify({ choices: [{ index: 0, delta: given, ...more }] }))
    delta({ role: 'assistant', content: '' })
    delta({ reasoning_content: 'hm' })
    delta({ content: 'Hi' })
    reader.take(JSON.stringify({ choices: [{ index: 1, delta: { content: 'the second choice' } }] }))
    delta({ refusal: 'No.' })
    delta({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{"a"' } }] })
    delta({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] })
    delta({}, { finish_reason: 'tool_calls' })
    reader.take('{"choices":[],"usage":{"total_tokens":3}}')
    expect(reader.ended).toBe(false)
    expect(reader.take('[DONE]')).toBe(true)
    expect(types(chunks)).toEqual([
      'reasoning-start',
      'reasoning-delta',
      'reasoning-end',
      'text-start',
      'text-delta',
      'text-end',
      'text-start',
      'text-delta',
      'text-end',
      'tool-input-start',
      'tool-input-delta',
      'tool-input-delta',
      'message-metadata',
      'tool-input-available',
      'finish-step',
      'finish',
    ])
    expect(chunks).toContainEqual({
      type: 'tool-input-available',
      toolCallId: 'c',
      toolName: 'f',
      input: { a: 1 },
    })
    expect(chunks.at(-1)).toEqual({ type: 'finish', finishReason: 'tool-calls' })
  })

  test.each([
    ['an error in band', '{"error":{"message":"too busy"}}', 'too busy'],
    ['an event that is not JSON', '<html>', 'The server sent an event that is not JSON.'],
  ])('fails at %s, and takes nothing after it', (_, data, errorText) => {
    const { chunks, parts } = collected()
    const reader = createOpenAiReader(parts)
    expect([reader.take(data), reader.take('[DONE]'), reader.ended]).toEqual([true, true, true])
    expect(chunks).toEqual([{ type: 'error', errorText }])
  })

  test('with a tool input that is no JSON says so', () => {
    const { chunks, parts } = collected()
    parts.toolInput({ id: 'c', name: 'f' }, '{"half')
    parts.finish('length')
    expect(chunks).toContainEqual(expect.objectContaining({ type: 'tool-input-error', input: '{"half' }))
  })
})

test('a running answer is found by its chat until it ends; a later one of the chat stays', () => {
  const values = new Map<string, string>([['g6-stream:broken', '{']])
  const running = runningAnswers({
    getItem: key => values.get(key) ?? null,
    setItem: (key, value) => {
      if (key.endsWith('full')) throw new Error('quota')
      values.set(key, value)
    },
    removeItem: key => void values.delete(key),
  })
  running.keep('a', { streamId: 's1', messageId: 'm1' })
  running.keep('a', { streamId: 's2', messageId: 'm2' })
  running.forget('a', 's1')
  expect(running.of('a')).toEqual({ streamId: 's2', messageId: 'm2' })
  running.forget('a', 's2')
  running.keep('full', { streamId: 's', messageId: 'm' })
  expect(['a', 'full', 'broken'].map(running.of)).toEqual([null, null, null])
})
