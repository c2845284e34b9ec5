// /v1/messages: named events from `message_start` to `message_stop`; what went in is counted in the first, what came out near the end.
// Without `message_stop` it is a cut, whatever was sent before: the clients of this API have no message then.
import { anthropic as remarksOn } from '../../upstream/dialects/anthropic.js'
import { isFailure } from '../../upstream/failures.js'
import { record } from '../../upstream/values.js'
import { Ending } from './ending.js'
import { createScan } from './scan.js'
import {
  FAILED,
  hasUsage,
  NOTHING,
  nameIn,
  objectOf,
  seenWords,
  textOf,
  tokenCounts,
  type Wire,
} from './wire.js'

const scan = createScan(['text', 'thinking', 'partial_json'])

export function anthropic(): Wire {
  const ending = new Ending()
  let hasReason = false
  return {
    look: event => {
      const name = nameIn(event) ?? objectOf(textOf(event))?.type ?? null
      switch (name) {
        case 'content_block_delta': {
          hasReason = false
          const seen = seenWords(scan(event).wordBytes)
          if (seen.wordBytes > 0) ending.spoke()
          return seen
        }
        case 'message_stop':
          return ending.seen
        case 'ping':
          return NOTHING
        default: {
          const text = textOf(event)
          const frame = objectOf(text)
          if (frame === null) return name === 'error' ? FAILED : NOTHING
          if (isFailure(frame, typeof name === 'string' ? name : 'message')) return FAILED
          ending.take(remarksOn(frame) ?? [])
          hasReason = ending.hasReason
          if (!hasUsage(text)) return NOTHING
          return { ...NOTHING, usage: tokenCounts(frame.usage ?? record(frame.message)?.usage) }
        }
      }
    },
    get hasReason() {
      return hasReason
    },
    end: null,
  }
}
