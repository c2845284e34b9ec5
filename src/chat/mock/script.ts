// Turns the script of a mock upstream into the frames of a dialect, each with the time it is due. Pure.

export type MockDialect = 'untyped' | 'typed' | 'rich' | 'openai'

/**
 * How it ends: `done` or `length` properly; `error` in band; `cut` breaks the connection; `end` ends the body without a
 * terminal frame; `tail` sends the terminal frame without its blank line; `stall` sends nothing more.
 */
export type MockFinish = 'done' | 'length' | 'error' | 'cut' | 'end' | 'tail' | 'stall'

export type MockScript = {
  readonly dialect: MockDialect
  /** The texts of the tokens, or how many to generate. */
  readonly tokens: readonly string[] | number
  readonly firstTokenMs: number
  /** Between two tokens; 0: all at once. */
  readonly gapMs: number
  readonly finish: MockFinish
  /** Sources before the first token; `usage` where the dialect has it. */
  readonly extras: boolean
  /** With another status than 200 there are no frames. */
  readonly status: number
  readonly retryAfter: string | null
  /** Before the head is sent. */
  readonly headMs: number
  readonly lineEnd: '\n' | '\r' | '\r\n'
  /** Splits the body into pieces of this many bytes; 0: does not split. */
  readonly pieceBytes: number
  /** Each token is the time it was written, in nanoseconds of the machine's monotonic clock. */
  readonly stamped: boolean
  /** Sends a frame of no dialect before the answer. */
  readonly unknownFrame: boolean
}

export const DEFAULT_SCRIPT: MockScript = {
  dialect: 'typed',
  tokens: 20,
  firstTokenMs: 0,
  gapMs: 0,
  finish: 'done',
  extras: true,
  status: 200,
  retryAfter: null,
  headMs: 0,
  lineEnd: '\n',
  pieceBytes: 0,
  stamped: false,
  unknownFrame: false,
}

export function tokenTexts(tokens: MockScript['tokens']): readonly string[] {
  return typeof tokens === 'number' ? Array.from({ length: tokens }, (_, i) => `word${i} `) : tokens
}

const SOURCES = [
  { title: 'KITAS guide', source: 'kb', similarity: 0.91, tier: 'T1', url: 'https://example.org/kitas' },
]

type DialectFrames = {
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

const DIALECTS: Readonly<Record<MockDialect, DialectFrames>> = {
  untyped: {
    before: [{ type: 'continuity_check', sequence: 0 }, { sources: SOURCES }],
    token: (text, index) => ({ text, sequenceNumber: index, timestamp: 0 }),
    done: [{ done: true, streamDuration: 1 }],
    length: [{ done: true, reason: 'length' }],
    error: { error: 'Traceback: secret of the upstream', done: true },
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
    error: { type: 'error', data: 'Traceback: secret of the upstream' },
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
    error: { type: 'error', data: 'Traceback: secret of the upstream' },
  },
  openai: {
    before: [chunk({ delta: { role: 'assistant', content: '' }, finish_reason: null })],
    token: text => chunk({ delta: { content: text }, finish_reason: null }),
    done: [chunk({ delta: {}, finish_reason: 'stop' }), chunk(null, { usage: USAGE }), '[DONE]'],
    length: [chunk({ delta: {}, finish_reason: 'length' }), '[DONE]'],
    error: { error: { message: 'Traceback: secret of the upstream', type: 'server_error' } },
  },
}

export type Due = {
  readonly atMs: number
  /** Null: a stamped token, generated when it is written. */
  readonly text: string | null
}

export function frameText(frame: unknown, lineEnd: string): string {
  return `data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}${lineEnd}${lineEnd}`
}

export function tokenFrame(script: MockScript, text: string, index: number): string {
  return frameText(DIALECTS[script.dialect].token(text, index), script.lineEnd)
}

/** All frames of the script, in order. */
export function scriptedFrames(script: MockScript): readonly Due[] {
  const frames = DIALECTS[script.dialect]
  const { lineEnd, firstTokenMs, gapMs, finish } = script
  const text = (frame: unknown): string => frameText(frame, lineEnd)
  const texts = tokenTexts(script.tokens)
  const lastMs = firstTokenMs + gapMs * Math.max(0, texts.length - 1)
  const opening = [
    ...(script.unknownFrame ? ['{"what":"is this"}', 'not json'] : []),
    ...(script.extras ? frames.before : []),
  ]
  const tokens = texts.map(
    (token, i): Due => ({
      atMs: firstTokenMs + gapMs * i,
      text: script.stamped ? null : tokenFrame(script, token, i),
    }),
  )
  const last: string[] = []
  if (finish === 'done' || finish === 'length') last.push(...frames[finish].map(text))
  if (finish === 'error') last.push(text(frames.error))
  if (finish === 'tail')
    last.push(
      ...frames.done
        .map(text)
        .map((each, i, all) => (i < all.length - 1 ? each : each.slice(0, -lineEnd.length))),
    )
  return [
    ...opening.map((frame): Due => ({ atMs: 0, text: text(frame) })),
    ...tokens,
    ...last.map((frame): Due => ({ atMs: lastMs, text: frame })),
  ]
}
