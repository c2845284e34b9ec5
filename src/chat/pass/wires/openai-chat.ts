// /v1/chat/completions and /v1/completions: chunks without a name, then `[DONE]`; an error is a chunk with a member `error`.
import { record } from '../../upstream/values.js'
import { createScan } from './scan.js'
import { DONE, DONE_MARK, FAILED, nameOf, objectOf, said, textOf, tokenCounts, type Wire } from './wire.js'

/** Words of any kind: text, thoughts, a refusal, the arguments of a tool, a sound. */
const WORDS = [
  ...['content', 'text', 'reasoning', 'reasoning_content', 'refusal'],
  ...['arguments', 'name', 'data', 'transcript'],
]
const E = 101
/** A longer event is not the mark of the end. */
const LONGEST_MARK_BYTES = 64

const scan = createScan(WORDS)

function hasFailed(text: string): boolean {
  const frame = objectOf(text)
  const isError = frame !== null && ((frame.error ?? null) !== null || frame.object === 'error')
  return isError || nameOf(text) === 'error'
}

export function openAiChat(): Wire {
  return {
    // The hot path: one pass over the bytes; text is made, and JSON parsed, for counts, errors and the end alone.
    look: event => {
      if (event.length < LONGEST_MARK_BYTES && DONE_MARK.test(textOf(event))) return DONE
      const { wordBytes, hasUsage, mayFail } = scan(event)
      // A name begins with `event`.
      if ((mayFail || event[0] === E) && hasFailed(textOf(event))) return FAILED
      if (!hasUsage) return said(wordBytes)
      return { ...said(wordBytes), usage: tokenCounts(record(objectOf(textOf(event))?.usage)) }
    },
    endsWithBody: () => false,
  }
}
