// /v1/messages: named events from `message_start` to `message_stop`; what went in is counted in the first, what came out near the end.
import { record } from '../../upstream/values.js'
import {
  DONE,
  FAILED,
  hasUsage,
  NOTHING,
  nameOf,
  objectOf,
  textOf,
  tokenCounts,
  type Wire,
  word,
} from './wire.js'

const A_DELTA = /"(?:text|thinking|partial_json)"\s*:\s*"(?!")/

export function anthropic(): Wire {
  return {
    look: event => {
      const text = textOf(event)
      const name = nameOf(text) ?? objectOf(text)?.type ?? null
      switch (name) {
        case 'content_block_delta':
          return word(text, A_DELTA)
        case 'message_stop':
          return DONE
        case 'error':
          return FAILED
        default: {
          if (!hasUsage(text)) return NOTHING
          const frame = objectOf(text)
          return { ...NOTHING, usage: tokenCounts(frame?.usage ?? record(frame?.message)?.usage) }
        }
      }
    },
    endsWithBody: () => false,
  }
}
