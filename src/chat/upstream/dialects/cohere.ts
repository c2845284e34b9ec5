// Cohere's chat (v2 by `type`, v1 by `event_type`) and Bedrock's ConverseStream.
import type { JsonObject } from '../../events.js'
import { NOTHING, type Remark } from '../remark.js'
import { record, tokenCounts } from '../values.js'
import { contentOf } from './content.js'

/** Null: no frame of this dialect. */
export function cohere(frame: JsonObject): readonly Remark[] | null {
  const delta = record(frame.delta)
  switch (frame.type ?? frame.event_type) {
    case 'content-delta':
      return contentOf(record(delta?.message)?.content)
    case 'text-generation':
      return contentOf(frame.text)
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'tool-calls-generation':
      return [{ type: 'tool' }]
    case 'message-start':
    case 'content-start':
    case 'content-end':
    case 'tool-plan-delta':
    case 'tool-call-end':
    case 'citation-start':
    case 'citation-end':
    case 'stream-start':
    case 'search-queries-generation':
    case 'search-results':
    case 'citation-generation':
      return NOTHING
    case 'message-end':
      return endOf(delta?.finish_reason, delta?.usage)
    case 'stream-end':
      return endOf(frame.finish_reason, record(record(frame.response)?.meta))
    default:
      return null
  }
}

/** Null: no frame of this dialect: an object with one of its members. */
export function bedrock(frame: JsonObject): readonly Remark[] | null {
  const block = record(frame.contentBlockDelta)
  if (block !== null) {
    const delta = record(block.delta)
    if (delta?.toolUse !== undefined) return [{ type: 'tool' }]
    if (delta?.reasoningContent === undefined) return contentOf(delta?.text)
    return contentOf(record(delta.reasoningContent)?.text, 'reasoning')
  }
  const stop = record(frame.messageStop)
  if (stop !== null) return endWord(stop.stopReason).map(word => ({ type: 'reason', word }))
  const counts = tokenCounts(record(frame.metadata)?.usage)
  if (counts !== null) return [{ type: 'usage', data: counts }]
  const isKnown = ['messageStart', 'contentBlockStart', 'contentBlockStop'].some(name => name in frame)
  return isKnown ? NOTHING : null
}

function endOf(reason: unknown, usage: unknown): readonly Remark[] {
  const counts = tokenCounts(record(usage)?.tokens) ?? tokenCounts(record(usage)?.billed_units)
  const remarks: readonly Remark[] = counts === null ? NOTHING : [{ type: 'usage', data: counts }]
  return [...remarks, { type: 'end', word: endWord(reason)[0] ?? null }]
}

const endWord = (reason: unknown): readonly string[] => (typeof reason === 'string' ? [reason] : [])
