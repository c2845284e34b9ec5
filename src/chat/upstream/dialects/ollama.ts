// What runs models itself: Ollama's chat and generate, llama.cpp's completion, text-generation-inference.
import type { JsonObject } from '../../events.js'
import type { Remark } from '../remark.js'
import { record, tokenCounts } from '../values.js'
import { contentOf } from './content.js'

/** Null: no frame of these dialects. */
export function ollama(frame: JsonObject): readonly Remark[] | null {
  const { done, stop } = frame
  const message = record(frame.message)
  const isChat = typeof done === 'boolean' && message !== null
  const isGenerate = typeof done === 'boolean' && typeof frame.response === 'string'
  if (isChat || isGenerate) {
    const remarks: Remark[] = typeof frame.model === 'string' ? [{ type: 'model', name: frame.model }] : []
    remarks.push(...contentOf(message?.thinking ?? frame.thinking, 'reasoning'))
    remarks.push(...contentOf(isChat ? message.content : frame.response))
    if (Array.isArray(message?.tool_calls) && message.tool_calls.length > 0) remarks.push({ type: 'tool' })
    return done ? [...remarks, ...endOf(frame, frame.done_reason)] : remarks
  }
  if (typeof stop === 'boolean' && typeof frame.content === 'string') {
    const reason = frame.stop_type === 'limit' || frame.stopped_limit === true ? 'length' : null
    return stop ? [...contentOf(frame.content), ...endOf(frame, reason)] : contentOf(frame.content)
  }
  return generated(frame)
}

function endOf(frame: JsonObject, reason: unknown): readonly Remark[] {
  const counts = tokenCounts(frame)
  const usage: readonly Remark[] = counts === null ? [] : [{ type: 'usage', data: counts }]
  return [...usage, { type: 'end', word: typeof reason === 'string' ? reason : null }]
}

/** text-generation-inference: `{token: {text, special}, generated_text, details}`. */
function generated(frame: JsonObject): readonly Remark[] | null {
  const token = record(frame.token)
  if (token === null || typeof token.text !== 'string') return null
  const remarks = token.special === true ? [] : contentOf(token.text)
  if (typeof frame.generated_text !== 'string') return remarks
  const reason = record(frame.details)?.finish_reason
  return [...remarks, { type: 'end', word: typeof reason === 'string' ? reason : null }]
}
