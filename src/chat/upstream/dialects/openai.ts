// OpenAI's chat completions and completions, and the many that speak them: chunks, and whole answers.
import type { JsonObject } from '../../events.js'
import type { Remark } from '../remark.js'
import { record, tokenCounts } from '../values.js'
import { contentOf } from './content.js'

/**
 * Null: no frame of this dialect. On the path of every token: for the usual chunk it makes one list and one object.
 * Of several answers (`n`) only the first is relayed; the others are counted.
 */
export function openAi(frame: JsonObject): Remark[] | null {
  const { choices, object } = frame
  if (!Array.isArray(choices) && choices !== null && !isCompletion(object)) return null
  const remarks: Remark[] = []
  if (typeof frame.model === 'string') remarks.push({ type: 'model', name: frame.model })
  for (const [at, each] of (Array.isArray(choices) ? choices : []).entries()) {
    const choice = record(each)
    if (choice === null) continue
    if ((choice.index ?? at) === 0) takeChoice(choice, remarks)
    else remarks.push({ type: 'left_out', kind: 'choices beyond the first' })
  }
  const counts = frame.usage === undefined ? null : tokenCounts(frame.usage)
  if (counts !== null) remarks.push({ type: 'usage', data: counts })
  return remarks
}

function isCompletion(object: unknown): boolean {
  return typeof object === 'string' && /^(chat|text)[._]completion/.test(object)
}

function takeChoice(choice: JsonObject, remarks: Remark[]): void {
  if (isSet(choice.error)) remarks.push({ type: 'failure' })
  const delta = record(choice.delta)
  const message = record(choice.message)
  if (delta !== null) takeMessage(delta, remarks)
  else if (choice.text !== undefined) remarks.push(...contentOf(choice.text))
  if (message !== null) {
    const whole: Remark[] = []
    takeMessage(message, whole)
    remarks.push({ type: 'whole', remarks: whole })
  }
  const reason = choice.finish_reason ?? choice.finishReason ?? choice.stop_reason
  if (typeof reason === 'string' && reason !== '') remarks.push({ type: 'reason', word: reason })
}

function takeMessage(message: JsonObject, remarks: Remark[]): void {
  const { content } = message
  // Nearly every chunk.
  if (typeof content === 'string') {
    if (content !== '') remarks.push({ type: 'token', data: content })
  } else remarks.push(...contentOf(content))
  const thought = message.reasoning_content ?? message.reasoning ?? message.thinking
  if (thought !== undefined && thought !== null) remarks.push(...contentOf(thought, 'reasoning'))
  if (isSet(message.refusal)) remarks.push(...contentOf(message.refusal, 'refusal'))
  if (isSet(message.error)) remarks.push({ type: 'failure' })
  const { tool_calls: calls } = message
  if ((Array.isArray(calls) && calls.length > 0) || isSet(message.function_call))
    remarks.push({ type: 'tool' })
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== ''
}
