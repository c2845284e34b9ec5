// The AI SDK's UI message stream.
import type { JsonObject } from '../../events.js'
import { NOTHING, type Remark } from '../remark.js'
import { sourcesOf, tokenCounts } from '../values.js'
import { contentOf } from './content.js'

/** Null: no frame of this dialect. */
export function uiMessage(frame: JsonObject): readonly Remark[] | null {
  const { type } = frame
  switch (type) {
    case 'text-delta':
      return contentOf(frame.delta ?? frame.text)
    case 'reasoning-delta':
      return contentOf(frame.delta ?? frame.text, 'reasoning')
    case 'start':
    case 'start-step':
    case 'finish-step':
    case 'text-start':
    case 'text-end':
    case 'reasoning-start':
    case 'reasoning-end':
    case 'message-metadata':
    case 'source-document':
      return NOTHING
    case 'source-url':
      return [{ type: 'sources', data: sourcesOf([frame]) }]
    case 'finish': {
      const counts = tokenCounts(frame.totalUsage)
      const usage: readonly Remark[] = counts === null ? NOTHING : [{ type: 'usage', data: counts }]
      const word = typeof frame.finishReason === 'string' ? frame.finishReason : 'stop'
      return [...usage, { type: 'reason', word }]
    }
    case 'abort':
      return [{ type: 'end', word: 'abort' }]
    default:
      if (typeof type !== 'string') return null
      if (type.startsWith('tool-')) return [{ type: 'tool' }]
      return type.startsWith('data-') ? NOTHING : null
  }
}
