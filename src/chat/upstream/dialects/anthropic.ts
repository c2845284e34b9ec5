// Anthropic's Messages: the events of a stream, and a whole message.
import type { JsonObject } from '../../events.js'
import { NOTHING, type Remark } from '../remark.js'
import { record, tokenCounts } from '../values.js'
import { contentOf } from './content.js'

/** Null: no frame of this dialect. */
export function anthropic(frame: JsonObject): readonly Remark[] | null {
  switch (frame.type) {
    case 'message_start':
      return headOf(record(frame.message))
    case 'content_block_start':
      return contentOf(frame.content_block)
    case 'content_block_delta':
      return deltaOf(record(frame.delta))
    case 'message_delta':
      return [...usageOf(frame.usage), ...reasonOf(record(frame.delta)?.stop_reason)]
    case 'message_stop':
      return [{ type: 'end', word: null }]
    case 'content_block_stop':
      return NOTHING
    case 'message':
      return Array.isArray(frame.content)
        ? [
            ...headOf(frame),
            { type: 'whole', remarks: contentOf(frame.content) },
            ...reasonOf(frame.stop_reason),
            { type: 'end', word: null },
          ]
        : null
    default:
      return null
  }
}

function headOf(message: JsonObject | null): readonly Remark[] {
  const model: readonly Remark[] =
    typeof message?.model === 'string' ? [{ type: 'model', name: message.model }] : NOTHING
  return [...model, ...usageOf(message?.usage)]
}

function deltaOf(delta: JsonObject | null): readonly Remark[] | null {
  switch (delta?.type) {
    case 'text_delta':
      return contentOf(delta.text)
    case 'thinking_delta':
      return contentOf(delta.thinking, 'reasoning')
    case 'input_json_delta':
      return [{ type: 'tool' }]
    case 'signature_delta':
    case 'citations_delta':
      return NOTHING
    default:
      return null
  }
}

function usageOf(value: unknown): readonly Remark[] {
  const counts = tokenCounts(value)
  return counts === null ? NOTHING : [{ type: 'usage', data: counts }]
}

function reasonOf(word: unknown): readonly Remark[] {
  return typeof word === 'string' ? [{ type: 'reason', word }] : NOTHING
}
