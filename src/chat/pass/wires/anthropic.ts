// /v1/messages: named events from `message_start` to `message_stop`; what went in is counted in the first, what came out near the end.
import { record } from '../../upstream/values.js'
import { createScan } from './scan.js'
import {
  DONE,
  FAILED,
  hasUsage,
  NOTHING,
  nameIn,
  objectOf,
  said,
  textOf,
  tokenCounts,
  type Wire,
} from './wire.js'

const scan = createScan(['text', 'thinking', 'partial_json'])

export function anthropic(): Wire {
  return {
    look: event => {
      const name = nameIn(event) ?? objectOf(textOf(event))?.type ?? null
      switch (name) {
        case 'content_block_delta':
          return said(scan(event).wordBytes)
        case 'message_stop':
          return DONE
        case 'error':
          return FAILED
        default: {
          const text = textOf(event)
          if (!hasUsage(text)) return NOTHING
          const frame = objectOf(text)
          return { ...NOTHING, usage: tokenCounts(frame?.usage ?? record(frame?.message)?.usage) }
        }
      }
    },
    endsWithBody: () => false,
  }
}
