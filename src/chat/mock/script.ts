// Turns the script of a mock upstream into the frames of a wire, each with the time it is due. Pure.
import type { MockDialect } from './dialects.js'
import type { Answer, Frame, ToolCall, Wire } from './wire.js'

/**
 * How it ends: `done`, `length` or `filter` properly; `error` in band; `cut` closes the connection, `reset` with RST, `inside` in the
 * middle of the last frame; `end` ends the body without a terminal frame; `tail` sends the terminal frame without its blank
 * line; `stall` sends nothing more.
 */
export const MOCK_FINISHES = [
  'done',
  'length',
  'filter',
  'error',
  'cut',
  'reset',
  'inside',
  'end',
  'tail',
  'stall',
] as const
export type MockFinish = (typeof MOCK_FINISHES)[number]

export type MockScript = {
  /** Null: the wire of the path; elsewhere `typed`. */
  readonly dialect: MockDialect | null
  /** The texts of the tokens, or how many to generate. */
  readonly tokens: readonly string[] | number
  /** The reasoning before the tokens, likewise. In the wires of `/v1` and `/api/chat`, as all down to `usage`. */
  readonly reasoning: readonly string[] | number
  /** After the tokens; `arguments` is JSON text. */
  readonly toolCalls: readonly Pick<ToolCall, 'name' | 'arguments'>[]
  /** Instead of the tokens. */
  readonly refusal: string | null
  /** `last`: where the wire has it, and the caller asked for it; `every`: in every chunk. */
  readonly usage: Answer['usage']
  readonly firstTokenMs: number
  /** Between two steps: of the reasoning, the answer, a tool's arguments. 0: all at once. */
  readonly gapMs: number
  /** Comments before the first step, with the gap between them. */
  readonly comments: number
  readonly finish: MockFinish
  /** Sources before the first token; `usage` where the dialect has it. */
  readonly extras: boolean
  /** With another status than 200 there are no frames. */
  readonly status: number
  /** Of the error's body and of the error in band; null: what fits. */
  readonly error: Partial<Answer['error']> | null
  readonly retryAfter: string | null
  /** More headers of the answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Instead of the stream: a page, nothing, or the whole answer as JSON. */
  readonly body: 'stream' | 'html' | 'empty' | 'json'
  /** With `Content-Encoding: gzip`. */
  readonly gzip: boolean
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
  dialect: null,
  tokens: 20,
  reasoning: 0,
  toolCalls: [],
  refusal: null,
  usage: 'last',
  firstTokenMs: 0,
  gapMs: 0,
  comments: 0,
  finish: 'done',
  extras: true,
  status: 200,
  error: null,
  retryAfter: null,
  headers: {},
  body: 'stream',
  gzip: false,
  headMs: 0,
  lineEnd: '\n',
  pieceBytes: 0,
  stamped: false,
  unknownFrame: false,
}

export function tokenTexts(tokens: MockScript['tokens'], word = 'word'): readonly string[] {
  return typeof tokens === 'number' ? Array.from({ length: tokens }, (_, i) => `${word}${i} `) : tokens
}

/** What the script says, in no wire yet. `asked` is the body of the request. */
export function scriptedAnswer(
  script: MockScript,
  asked: Readonly<Record<string, unknown>>,
  id: string,
  nowMs: number,
): Answer {
  const { finish, status } = script
  const options = Object(asked.stream_options) as { readonly include_usage?: unknown }
  const asksUsage =
    asked.stream !== true || !('messages' in asked || 'prompt' in asked) || options.include_usage
  return {
    id,
    model: typeof asked.model === 'string' ? asked.model : 'mock-1',
    createdSec: Math.floor(nowMs / 1000),
    reasoning: tokenTexts(script.reasoning, 'thought'),
    tokens: tokenTexts(script.tokens),
    refusal: script.refusal?.match(/\S*\s*/g)?.filter(text => text !== '') ?? null,
    toolCalls: script.toolCalls.map((call, i) => ({ ...call, id: `call_${id}_${i}` })),
    reason: finish === 'length' || finish === 'filter' ? finish : 'stop',
    choices: typeof asked.n === 'number' ? asked.n : 1,
    usage: script.usage === 'last' && !asksUsage ? 'none' : script.usage,
    error: {
      message: `the mock upstream answers ${status === 200 ? 'with an error in band' : status}`,
      type: status < 500 && status !== 200 ? 'invalid_request_error' : 'server_error',
      code: null,
      ...script.error,
    },
  }
}

export type Due = {
  readonly atMs: number
  readonly text: string
  /** A stamped token is written with its time. */
  readonly with?: (token: string) => string
}

/** All frames of the script, in order. */
export function scriptedFrames(script: MockScript, wire: Wire, answer: Answer): readonly Due[] {
  const { lineEnd, firstTokenMs, gapMs, finish } = script
  const { body, closing, error } = wire.frames(answer)
  const before: Frame[] = [
    ...(script.unknownFrame ? ['data: {"what":"is this"}\n\n', 'data: not json\n\n'] : []).map(text => ({
      text,
      isStep: false,
    })),
    ...Array.from({ length: script.comments }, () => ({ text: ': the model is busy\n\n', isStep: true })),
  ]
  const due: Due[] = []
  const ended = (text: string): string => (lineEnd === '\n' ? text : text.replaceAll('\n', lineEnd))
  let step = -1
  for (const { text, isStep, with: write } of [...before, ...body]) {
    if (isStep) step++
    due.push({
      atMs: step < 0 ? 0 : firstTokenMs + gapMs * step,
      text: ended(text),
      ...(script.stamped && write !== undefined ? { with: token => ended(write(token)) } : {}),
    })
  }
  const last: string[] = []
  if (['done', 'length', 'filter', 'tail'].includes(finish)) last.push(...closing)
  if (finish === 'error') last.push(error)
  const lastMs = firstTokenMs + gapMs * Math.max(0, step)
  due.push(...last.map(text => ({ atMs: lastMs, text: ended(text) })))
  const final = due.at(-1)
  if (final === undefined) return due
  if (finish === 'tail') due[due.length - 1] = { ...final, text: final.text.slice(0, -lineEnd.length) }
  if (finish === 'inside') {
    const { atMs, text } = final
    due[due.length - 1] = { atMs, text: text.slice(0, Math.ceil(text.length / 2)) }
  }
  return due
}
