// The state of one stream as a pure reducer: sequence numbers without gaps, exactly one terminal event, the metrics of
// `done`. Time comes in as a number. Two clocks: `wallMs` stamps events, `monoMs` measures.
import { type AnswerMetrics, CHAT_FAILURES, type ChatData } from '../protocol/chat-events.js'
import type { AnswerCounts, Now } from './answer-format.js'
import type { Terminal, TokenCounts, UpstreamEvent } from './events.js'
import type { StreamFacts } from './log/chat-log.js'

export type StreamState = AnswerCounts & {
  readonly connectionId: string
  /** The number of the next event. */
  readonly next: number
  readonly terminal: Terminal | null
}

type EventType = Exclude<keyof ChatData, 'heartbeat'>

/** A numbered event of the stream. */
export type Numbered = {
  readonly type: EventType
  readonly data: ChatData[EventType]
  readonly sequence: number
  readonly timestamp: number
}

export type Advance = { readonly state: StreamState; readonly events: readonly Numbered[] }

/** Average characters of a token, for upstreams that do not count. */
const CHARS_PER_TOKEN = 4

export function estimateTokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN)
}

export type Opening = Omit<StreamFacts, 'owner'> & { readonly questionChars: number }

/** A new stream and its first event. */
export function newStream(opening: Opening, now: Now): Advance {
  const { connectionId, streamId, identified, questionChars } = opening
  const data = { status: 'connected', connectionId, streamId, identified, resumed: false }
  const state: StreamState = {
    connectionId,
    next: 1,
    startedMonoMs: now.monoMs,
    firstTokenMonoMs: null,
    lastTokenMonoMs: null,
    tokens: 0,
    bytes: 0,
    usage: null,
    inputEstimate: estimateTokens(questionChars),
    terminal: null,
    endedMonoMs: null,
  }
  return { state, events: [{ type: 'metadata', data, sequence: 0, timestamp: now.wallMs }] }
}

function numbered<T extends EventType>(state: StreamState, type: T, data: ChatData[T], now: Now): Advance {
  const event = { type, data, sequence: state.next, timestamp: now.wallMs }
  return { state: { ...state, next: state.next + 1 }, events: [event] }
}

/** Adds an event of the upstream. Nothing changes after the terminal event. */
export function receive(state: StreamState, event: UpstreamEvent, now: Now): Advance {
  if (state.terminal !== null) return { state, events: [] }
  switch (event.type) {
    case 'token':
    case 'refusal':
      return event.data === '' ? { state, events: [] } : word(state, event.type, event.data, now)
    // Some upstreams count in every frame: the last counts go out once, before the end.
    case 'usage':
      return { state: { ...state, usage: { ...state.usage, ...event.data } }, events: [] }
    case 'done':
      return end(state, { type: 'done', reason: event.reason }, now)
    case 'error':
      return end(state, { type: 'error', code: event.code }, now)
    case 'metadata':
    case 'reasoning':
    case 'sources':
      return numbered(state, event.type, event.data, now)
  }
}

/** A word that a person sees. The hot path: names every member, since spreading an object costs several times as much. */
function word(state: StreamState, type: 'token' | 'refusal', text: string, now: Now): Advance {
  const counted: StreamState = {
    connectionId: state.connectionId,
    next: state.next + 1,
    startedMonoMs: state.startedMonoMs,
    firstTokenMonoMs: state.firstTokenMonoMs ?? now.monoMs,
    lastTokenMonoMs: now.monoMs,
    tokens: state.tokens + 1,
    bytes: state.bytes + Buffer.byteLength(text),
    usage: state.usage,
    inputEstimate: state.inputEstimate,
    terminal: null,
    endedMonoMs: null,
  }
  const event: Numbered = { type, data: text, sequence: state.next, timestamp: now.wallMs }
  return { state: counted, events: [event] }
}

/** What the upstream counted; estimated where it did not, or where the answer broke off before its last counts. */
function usage(state: StreamState, isWhole: boolean): ChatData['usage'] {
  const { usage: counted, inputEstimate, tokens } = state
  if (counted !== null && isWhole) return spelledTwice(counted, false)
  const inputTokens = counted?.inputTokens ?? inputEstimate
  return spelledTwice({ inputTokens, outputTokens: Math.max(tokens, counted?.outputTokens ?? 0) }, true)
}

/** Clients of the original read the second spelling. */
function spelledTwice({ inputTokens, outputTokens }: TokenCounts, estimated: boolean): ChatData['usage'] {
  return {
    ...(inputTokens === undefined ? {} : { inputTokens, input_tokens: inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens, output_tokens: outputTokens }),
    estimated,
  }
}

/** Ends the stream, once: its `usage`, then the terminal event. */
export function end(state: StreamState, terminal: Terminal, now: Now): Advance {
  if (state.terminal !== null) return { state, events: [] }
  const ended: StreamState = { ...state, terminal, endedMonoMs: now.monoMs }
  const before = numbered(ended, 'usage', usage(state, terminal.type === 'done'), now)
  const last = numbered(before.state, terminal.type, terminalData(before.state, terminal), now)
  return { state: last.state, events: [...before.events, ...last.events] }
}

function terminalData(state: StreamState, terminal: Terminal): ChatData['done' | 'error' | 'aborted'] {
  switch (terminal.type) {
    case 'done':
      return { reason: terminal.reason, metrics: metricsOf(state) }
    case 'aborted':
      return { reason: terminal.reason }
    case 'error': {
      const { message, retryable } = CHAT_FAILURES[terminal.code]
      return { code: terminal.code, message, retryable, connectionId: state.connectionId }
    }
  }
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

/** Of a stream that has ended. */
export function metricsOf(counts: AnswerCounts): AnswerMetrics {
  const { startedMonoMs, endedMonoMs, firstTokenMonoMs: first, lastTokenMonoMs: last, tokens, bytes } = counts
  const isSpaced = first !== null && last !== null && tokens > 1
  return {
    firstTokenLatency: first === null ? null : rounded(first - startedMonoMs),
    tokensReceived: tokens,
    bytesReceived: bytes,
    duration: rounded((endedMonoMs ?? startedMonoMs) - startedMonoMs),
    interTokenMean: isSpaced ? rounded((last - first) / (tokens - 1)) : null,
  }
}
