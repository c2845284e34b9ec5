// POST /v1/responses. Every event has a `sequence_number`, by which the answer is resumed.
import {
  type Answer,
  argumentPieces,
  event,
  type Frame,
  INPUT_TOKENS,
  openAiRefusal,
  outputTokens,
  type Wire,
} from '../wire.js'

type Item = Readonly<Record<string, unknown>>

const INCOMPLETE = { length: 'max_output_tokens', filter: 'content_filter' } as const

export const responseId = ({ id }: Answer): string => `resp_${id}`

function itemsOf({ id, reasoning, tokens, refusal, toolCalls }: Answer): readonly Item[] {
  const part =
    refusal === null
      ? { type: 'output_text', text: tokens.join(''), annotations: [], logprobs: [] }
      : { type: 'refusal', refusal: refusal.join('') }
  const has = (refusal ?? tokens).length > 0
  return [
    ...(reasoning.length > 0
      ? [{ type: 'reasoning', id: `rs_${id}`, summary: [{ type: 'summary_text', text: reasoning.join('') }] }]
      : []),
    ...(has
      ? [{ type: 'message', id: `msg_${id}`, status: 'completed', role: 'assistant', content: [part] }]
      : []),
    ...toolCalls.map((call, i) => ({
      type: 'function_call',
      id: `fc_${id}_${i}`,
      status: 'completed',
      call_id: call.id,
      name: call.name,
      arguments: call.arguments,
    })),
  ]
}

export type ResponseStatus = 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled'

/** The object `response`, as it is once it has this status. */
export function responseObject(answer: Answer, status: ResponseStatus): Item {
  const { model, createdSec, reason, error } = answer
  const ended = status === 'completed' || status === 'incomplete'
  const output = outputTokens(answer)
  return {
    id: responseId(answer),
    object: 'response',
    created_at: createdSec,
    status,
    background: false,
    error: status === 'failed' ? { code: error.code ?? error.type, message: error.message } : null,
    incomplete_details: status === 'incomplete' && reason !== 'stop' ? { reason: INCOMPLETE[reason] } : null,
    instructions: null,
    metadata: {},
    model,
    output: ended ? itemsOf(answer) : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage:
      ended && answer.usage !== 'none'
        ? {
            input_tokens: INPUT_TOKENS,
            input_tokens_details: { cached_tokens: 0 },
            output_tokens: output,
            output_tokens_details: { reasoning_tokens: answer.reasoning.length },
            total_tokens: INPUT_TOKENS + output,
          }
        : null,
  }
}

export const openAiResponses: Wire = {
  frames: answer => {
    const { reasoning, tokens, refusal, toolCalls, reason, error } = answer
    let sequence = 0
    const numbered = (type: string, members: object): string =>
      event({ type, sequence_number: sequence++, ...members }, type)
    const body: Frame[] = []
    const still = (type: string, members: object): void =>
      void body.push({ text: numbered(type, members), isStep: false })
    const delta = (type: string, members: object, texts: readonly string[]): void => {
      for (const text of texts) {
        const number = sequence++
        const write = (delta: string): string =>
          event({ type, sequence_number: number, ...members, delta }, type)
        body.push({ text: write(text), isStep: true, with: write })
      }
    }
    for (const type of ['response.created', 'response.in_progress'])
      still(type, { response: responseObject(answer, 'in_progress') })
    itemsOf(answer).forEach((item, outputIndex) => {
      const at = { item_id: item.id, output_index: outputIndex }
      const added = (empty: object): void =>
        still('response.output_item.added', { output_index: outputIndex, item: { ...item, ...empty } })
      if (item.type === 'reasoning') {
        const where = { ...at, summary_index: 0 }
        const text = reasoning.join('')
        added({ summary: [] })
        still('response.reasoning_summary_part.added', { ...where, part: { type: 'summary_text', text: '' } })
        delta('response.reasoning_summary_text.delta', where, reasoning)
        still('response.reasoning_summary_text.done', { ...where, text })
        still('response.reasoning_summary_part.done', { ...where, part: { type: 'summary_text', text } })
      } else if (item.type === 'message') {
        const where = { ...at, content_index: 0 }
        const words = refusal ?? tokens
        const text = words.join('')
        added({ status: 'in_progress', content: [] })
        const part = (text: string): object =>
          refusal === null
            ? { type: 'output_text', text, annotations: [], logprobs: [] }
            : { type: 'refusal', refusal: text }
        still('response.content_part.added', { ...where, part: part('') })
        if (refusal === null) {
          delta('response.output_text.delta', { ...where, logprobs: [] }, words)
          still('response.output_text.done', { ...where, text, logprobs: [] })
        } else {
          delta('response.refusal.delta', where, words)
          still('response.refusal.done', { ...where, refusal: text })
        }
        still('response.content_part.done', { ...where, part: part(text) })
      } else {
        added({ status: 'in_progress', arguments: '' })
        const call = toolCalls.find(({ id }) => id === item.call_id)
        if (call !== undefined) delta('response.function_call_arguments.delta', at, argumentPieces(call))
        still('response.function_call_arguments.done', {
          ...at,
          name: item.name,
          arguments: item.arguments,
        })
      }
      still('response.output_item.done', { output_index: outputIndex, item })
    })
    const status = reason === 'stop' ? 'completed' : 'incomplete'
    const number = sequence
    return {
      body,
      closing: [numbered(`response.${status}`, { response: responseObject(answer, status) })],
      error: event({ type: 'error', sequence_number: number, error: { ...error, param: null } }, 'error'),
    }
  },
  whole: answer => responseObject(answer, answer.reason === 'stop' ? 'completed' : 'incomplete'),
  refusal: openAiRefusal,
}
