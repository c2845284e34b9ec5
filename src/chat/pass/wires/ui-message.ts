// The UI message stream of the AI SDK: typed parts without a name, then `[DONE]`. A part of type `error` or `abort` tells how it
// went, and `[DONE]` still follows.
import { createScan } from './scan.js'
import { DONE, DONE_MARK, FAILED, NOTHING, said, textOf, type Wire } from './wire.js'

const TYPE = /^data: ?\{\s*"type"\s*:\s*"([a-z0-9-]+)"/m
const LAST_TYPES: ReadonlySet<string> = new Set(['finish', 'abort', 'error'])

const scan = createScan(['delta', 'inputTextDelta'])

export function uiMessage(): Wire {
  let hasFailed = false
  let hasLast = false
  return {
    look: event => {
      const text = textOf(event)
      if (text.length < 64 && DONE_MARK.test(text)) return hasFailed ? FAILED : DONE
      const type = TYPE.exec(text)?.[1] ?? ''
      if (type === 'error') hasFailed = true
      if (LAST_TYPES.has(type)) hasLast = true
      if (type.endsWith('-delta')) return said(scan(event).wordBytes)
      // Parts that are data for the page's own program.
      return type.startsWith('tool-') || type.startsWith('data-')
        ? { ...NOTHING, wordBytes: event.length }
        : NOTHING
    },
    endsWithBody: () => hasLast,
  }
}
