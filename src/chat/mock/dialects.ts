// The dialects of the `bali-zero` relay's backends.
import { type Answer, event, type Frame, openAiRefusal, still, type Wire } from './wire.js'
import { openAiChat } from './wires/openai-chat.js'

export type MockDialect = 'untyped' | 'typed' | 'rich' | 'openai'

const SOURCES = [
  { title: 'KITAS guide', source: 'kb', similarity: 0.91, tier: 'T1', url: 'https://example.org/kitas' },
]
const SECRET = 'Traceback: secret of the upstream'

type Dialect = {
  readonly before: readonly unknown[]
  token(text: string, index: number): unknown
  readonly done: readonly unknown[]
  readonly length: readonly unknown[]
  readonly error: unknown
}

const chunk = (choice: object | null, more: object = {}) => ({
  id: 'mock',
  object: 'chat.completion.chunk',
  model: 'mock-1',
  choices: choice === null ? [] : [{ index: 0, ...choice }],
  ...more,
})

const USAGE = { prompt_tokens: 12, completion_tokens: 20 }

const DIALECTS: Readonly<Record<MockDialect, Dialect>> = {
  untyped: {
    before: [{ type: 'continuity_check', sequence: 0 }, { sources: SOURCES }],
    token: (text, index) => ({ text, sequenceNumber: index, timestamp: 0 }),
    done: [{ done: true, streamDuration: 1 }],
    length: [{ done: true, reason: 'length' }],
    error: { error: SECRET, done: true },
  },
  typed: {
    before: [
      { type: 'metadata', data: { model_used: 'mock-1' } },
      { type: 'sources', data: SOURCES },
      { type: 'ping', data: null },
    ],
    token: text => ({ type: 'token', data: text }),
    done: [{ type: 'done', data: null }],
    length: [{ type: 'done', data: { reason: 'length' } }],
    error: { type: 'error', data: SECRET },
  },
  rich: {
    before: [
      { type: 'metadata', data: { identified: true, model: 'mock-1' } },
      { type: 'metadata', data: { intent: 'visa' } },
      { type: 'token', data: '[METADATA]{"memory":"used"}' },
      { type: 'sources', data: SOURCES },
    ],
    token: text => ({ type: 'token', data: text }),
    done: [{ type: 'done', data: { usage: { inputTokens: 12, outputTokens: 20 } } }],
    length: [{ type: 'done', data: { reason: 'length' } }],
    error: { type: 'error', data: SECRET },
  },
  openai: {
    before: [chunk({ delta: { role: 'assistant', content: '' }, finish_reason: null })],
    token: text => chunk({ delta: { content: text }, finish_reason: null }),
    done: [chunk({ delta: {}, finish_reason: 'stop' }), chunk(null, { usage: USAGE }), '[DONE]'],
    length: [chunk({ delta: {}, finish_reason: 'length' }), '[DONE]'],
    error: { error: { message: SECRET, type: 'server_error' } },
  },
}

function wireOf(dialect: Dialect, extras: boolean): Wire {
  return {
    frames: ({ tokens, reason }: Answer) => ({
      body: [
        ...(extras ? dialect.before.map(frame => still(event(frame))) : []),
        ...tokens.map((token, index): Frame => {
          const write = (text: string): string => event(dialect.token(text, index))
          return { text: write(token), isStep: true, with: write }
        }),
      ],
      closing: dialect[reason === 'stop' ? 'done' : 'length'].map(frame => event(frame)),
      error: event(dialect.error),
    }),
    whole: openAiChat.whole,
    refusal: openAiRefusal,
  }
}

/** Without `extras` nothing comes before the first token. */
export function dialectWire(dialect: MockDialect, extras: boolean): Wire {
  return wireOf(DIALECTS[dialect], extras)
}
