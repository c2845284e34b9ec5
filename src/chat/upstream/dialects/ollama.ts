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
    const said: Remark[] = typeof frame.model === 'string' ? [{ type: 'model', name: frame.model }] : []
    said.push(...contentOf(message?.thinking ?? frame.thinking, 'reasoning'))
    said.push(...contentOf(isChat ? message.content : frame.response))
    if (Array.isArray(message?.tool_calls) && message.tool_calls.length > 0) said.push({ type: 'tool' })
    return done ? [...said, ...endOf(frame, frame.done_reason)] : said
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
  const said = token.special === true ? [] : contentOf(token.text)
  if (typeof frame.generated_text !== 'string') return said
  const reason = record(frame.details)?.finish_reason
  return [...said, { type: 'end', word: typeof reason === 'string' ? reason : null }]
}
