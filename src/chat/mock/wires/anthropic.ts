// POST /v1/messages.
import {
  type Answer,
  argumentPieces,
  event,
  type Frame,
  INPUT_TOKENS,
  outputTokens,
  steps,
  still,
  type Wire,
} from '../wire.js'

const REASONS = { stop: 'end_turn', length: 'max_tokens', filter: 'refusal' } as const

function reasonOf({ reason, toolCalls, refusal }: Answer): string {
  if (refusal !== null) return 'refusal'
  return reason === 'stop' && toolCalls.length > 0 ? 'tool_use' : REASONS[reason]
}

const named = (type: string, members: object = {}): string => event({ type, ...members }, type)

function messageOf(answer: Answer, content: readonly unknown[], reason: string | null, output: number) {
  return {
    id: `msg_${answer.id}`,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content,
    stop_reason: reason,
    stop_sequence: null,
    usage: { input_tokens: INPUT_TOKENS, output_tokens: output },
  }
}

function block(
  index: number,
  start: object,
  pieces: readonly Frame[],
  last: readonly object[] = [],
): Frame[] {
  return [
    still(named('content_block_start', { index, content_block: start })),
    ...pieces,
    ...last.map(delta => still(named('content_block_delta', { index, delta }))),
    still(named('content_block_stop', { index })),
  ]
}

const SIGNATURE = 'bW9jaw=='

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

export const anthropic: Wire = {
  frames: answer => {
    const { reasoning, toolCalls, error } = answer
    const words = answer.refusal ?? answer.tokens
    const deltas = (index: number, texts: readonly string[], delta: (text: string) => object) =>
      steps(texts, text => named('content_block_delta', { index, delta: delta(text) }))
    const body: Frame[] = [
      still(named('message_start', { message: messageOf(answer, [], null, 1) })),
      still(named('ping')),
    ]
    let index = 0
    if (reasoning.length > 0) {
      const pieces = deltas(index, reasoning, thinking => ({ type: 'thinking_delta', thinking }))
      const signed = [{ type: 'signature_delta', signature: SIGNATURE }]
      body.push(...block(index++, { type: 'thinking', thinking: '', signature: '' }, pieces, signed))
    }
    if (words.length > 0) {
      const pieces = deltas(index, words, text => ({ type: 'text_delta', text }))
      body.push(...block(index++, { type: 'text', text: '' }, pieces))
    }
    for (const call of toolCalls) {
      const pieces = deltas(index, argumentPieces(call), partial => ({
        type: 'input_json_delta',
        partial_json: partial,
      }))
      body.push(...block(index++, { type: 'tool_use', id: call.id, name: call.name, input: {} }, pieces))
    }
    return {
      body,
      closing: [
        named('message_delta', {
          delta: { stop_reason: reasonOf(answer), stop_sequence: null },
          usage: { output_tokens: outputTokens(answer) },
        }),
        named('message_stop'),
      ],
      error: named('error', { error: { type: error.type, message: error.message } }),
    }
  },
  whole: answer => {
    const { reasoning, toolCalls } = answer
    const words = answer.refusal ?? answer.tokens
    const content = [
      ...(reasoning.length > 0
        ? [{ type: 'thinking', thinking: reasoning.join(''), signature: SIGNATURE }]
        : []),
      ...(words.length > 0 ? [{ type: 'text', text: words.join('') }] : []),
      ...toolCalls.map(({ id, name, arguments: text }) => ({
        type: 'tool_use',
        id,
        name,
        input: JSON.parse(text),
      })),
    ]
    return messageOf(answer, content, reasonOf(answer), outputTokens(answer))
  },
  refusal: (status, { message }) => ({
    type: 'error',
    error: { type: TYPES[status] ?? 'api_error', message },
  }),
}
