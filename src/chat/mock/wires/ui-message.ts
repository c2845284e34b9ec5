// POST /api/chat: the route of an AI SDK app, which answers with a UI message stream.
import { argumentPieces, event, type Frame, openAiRefusal, steps, still, type Wire } from '../wire.js'

const REASONS = { stop: 'stop', length: 'length', filter: 'content-filter' } as const

/** The header by which a client knows this stream. */
export const UI_MESSAGE_HEADERS = { 'x-vercel-ai-ui-message-stream': 'v1', 'x-accel-buffering': 'no' }

function block(kind: 'text' | 'reasoning', id: string, texts: readonly string[]): readonly Frame[] {
  if (texts.length === 0) return []
  return [
    still(event({ type: `${kind}-start`, id })),
    ...steps(texts, delta => event({ type: `${kind}-delta`, id, delta })),
    still(event({ type: `${kind}-end`, id })),
  ]
}

export const uiMessage: Wire = {
  frames: ({ id, reasoning, tokens, refusal, toolCalls, reason, error }) => ({
    body: [
      still(event({ type: 'start', messageId: `msg_${id}` })),
      still(event({ type: 'start-step' })),
      ...block('reasoning', `rs_${id}`, reasoning),
      ...block('text', `txt_${id}`, refusal ?? tokens),
      ...toolCalls.flatMap((call): readonly Frame[] => {
        const of = { toolCallId: call.id, toolName: call.name }
        return [
          still(event({ type: 'tool-input-start', ...of })),
          ...steps(argumentPieces(call), inputTextDelta =>
            event({ type: 'tool-input-delta', toolCallId: call.id, inputTextDelta }),
          ),
          still(event({ type: 'tool-input-available', ...of, input: JSON.parse(call.arguments) })),
        ]
      }),
    ],
    closing: [
      event({ type: 'finish-step' }),
      event({
        type: 'finish',
        finishReason: reason === 'stop' && toolCalls.length > 0 ? 'tool-calls' : REASONS[reason],
      }),
      event('[DONE]'),
    ],
    error: event({ type: 'error', errorText: error.message }),
  }),
  whole: ({ id, tokens, refusal }) => ({
    id: `msg_${id}`,
    role: 'assistant',
    parts: [{ type: 'text', text: (refusal ?? tokens).join('') }],
  }),
  refusal: openAiRefusal,
}
