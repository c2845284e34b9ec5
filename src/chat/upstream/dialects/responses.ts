// OpenAI's Responses: events `response.…`, and a whole response.
import type { JsonObject } from '../../events.js'
import { NOTHING, type Remark } from '../remark.js'
import { record, tokenCounts } from '../values.js'
import { contentOf } from './content.js'

/** Null: no frame of this dialect. */
export function responses(frame: JsonObject): readonly Remark[] | null {
  if (frame.object === 'response') return [...wholeOf(frame), ...endOf(frame)]
  const { type, delta } = frame
  if (typeof type !== 'string' || !type.startsWith('response.')) return null
  const response = record(frame.response)
  switch (type) {
    case 'response.created':
      return modelOf(response)
    case 'response.output_text.delta':
      return contentOf(delta)
    case 'response.refusal.delta':
      return contentOf(delta, 'refusal')
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return contentOf(delta, 'reasoning')
    case 'response.function_call_arguments.delta':
    case 'response.custom_tool_call_input.delta':
      return [{ type: 'tool' }]
    case 'response.failed':
      return [{ type: 'failure' }]
    case 'response.completed':
    case 'response.incomplete':
    case 'response.cancelled':
      return [...(response === null ? NOTHING : wholeOf(response)), ...endOf(response, type.slice(9))]
    default:
      return NOTHING
  }
}

function modelOf(response: JsonObject | null): readonly Remark[] {
  return typeof response?.model === 'string' ? [{ type: 'model', name: response.model }] : NOTHING
}

function wholeOf(response: JsonObject): readonly Remark[] {
  const output = Array.isArray(response.output) ? response.output.map(record) : []
  const remarks = output.flatMap(item => {
    if (item?.type === 'message') return contentOf(item.content)
    if (item?.type === 'function_call' || item?.type === 'custom_tool_call')
      return [{ type: 'tool' } as const]
    return []
  })
  return [...modelOf(response), { type: 'whole', remarks }]
}

function endOf(response: JsonObject | null, ended?: string): readonly Remark[] {
  const counts = tokenCounts(response?.usage)
  const usage: readonly Remark[] = counts === null ? NOTHING : [{ type: 'usage', data: counts }]
  const status = typeof response?.status === 'string' ? response.status : (ended ?? 'completed')
  if (status === 'failed') return [...usage, { type: 'failure' }]
  const why = record(response?.incomplete_details)?.reason
  return [...usage, { type: 'end', word: typeof why === 'string' ? why : status }]
}
