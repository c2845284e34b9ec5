// The UI message stream of the AI SDK: typed parts without a name, then `[DONE]`. A part of type `error` or `abort` tells how it
// went, and `[DONE]` still follows. After `finish` the app may go on with another message, so it is no reason to close the body.
import { uiMessage as remarksOn } from '../../upstream/dialects/ui-message.js'
import { FAILURE } from '../../upstream/remark.js'
import { Ending } from './ending.js'
import { createScan } from './scan.js'
import { DONE_MARK, NOTHING, objectOf, type Seen, seenWords, textOf, type Wire } from './wire.js'

const TYPE = /^data: ?\{\s*"type"\s*:\s*"([a-z0-9-]+)"/m
const LAST_TYPES: ReadonlySet<string> = new Set(['finish', 'abort', 'error'])

const scan = createScan(['delta', 'inputTextDelta'])

export function uiMessage(): Wire {
  const ending = new Ending()
  let hasLast = false
  function spoken(seen: Seen): Seen {
    if (seen.wordBytes > 0) ending.spoke()
    return seen
  }
  return {
    look: event => {
      const text = textOf(event)
      if (text.length < 64 && DONE_MARK.test(text)) return ending.seen
      const type = TYPE.exec(text)?.[1] ?? ''
      if (type === 'error') ending.take(FAILURE)
      else if (LAST_TYPES.has(type)) ending.take(remarksOn(objectOf(text) ?? {}) ?? [])
      if (LAST_TYPES.has(type)) hasLast = true
      if (type.endsWith('-delta')) return spoken(seenWords(scan(event).wordBytes))
      // Parts that are data for the page's own program.
      return type.startsWith('tool-') || type.startsWith('data-')
        ? spoken({ ...NOTHING, wordBytes: event.length })
        : NOTHING
    },
    hasReason: false,
    get end() {
      return hasLast ? ending.seen : null
    },
  }
}
