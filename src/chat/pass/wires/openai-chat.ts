// /v1/chat/completions and /v1/completions: chunks without a name, then `[DONE]`; an error is a chunk with a member `error`. A reason for
// each choice without `[DONE]` is an end as well: that is how the clients of this API take it.
import { isFailure, isUnknownFailure } from '../../upstream/failures.js'
import { record } from '../../upstream/values.js'
import { Choices } from './choices.js'
import { Ending } from './ending.js'
import { createScan } from './scan.js'
import {
  DONE_MARK,
  FAILED,
  nameOf,
  objectOf,
  type Seen,
  seenWords,
  textOf,
  tokenCounts,
  type Wire,
} from './wire.js'

/** Words of any kind: text, thoughts, a refusal, the arguments of a tool, a sound. */
const WORDS = [
  ...['content', 'text', 'reasoning', 'reasoning_content', 'refusal'],
  ...['arguments', 'name', 'data', 'transcript'],
]
const E = 101
/** A longer event is not the mark of the end. */
const LONGEST_MARK_BYTES = 64

const scan = createScan(WORDS)

export function openAiChat(): Wire {
  const choices = new Choices()
  const ending = new Ending()

  function end(): Seen {
    ending.take(choices.reasons.map(reason => ({ type: 'reason', word: reason })))
    return ending.seen
  }
  /** What is no chunk of an answer. */
  function isError(text: string): boolean {
    const frame = objectOf(text)
    const name = nameOf(text) ?? 'message'
    if (frame === null) return name === 'error'
    return isFailure(frame, name) || (!Array.isArray(frame.choices) && isUnknownFailure(frame))
  }

  return {
    // The hot path: one pass over the bytes; text is made, and JSON parsed, for reasons, counts, errors and the end alone.
    look: event => {
      if (event.length < LONGEST_MARK_BYTES && DONE_MARK.test(textOf(event))) return end()
      const { wordBytes, isRefusal, ofChoices, hasUsage, mayFail } = scan(event)
      const isWord = wordBytes > 0
      if (isRefusal) ending.refused()
      if (isWord) ending.spoke()
      // A name begins with `event`.
      if ((!isWord || mayFail || event[0] === E) && isError(textOf(event))) return FAILED
      if (ofChoices) choices.take(objectOf(textOf(event)) ?? {}, isWord)
      else if (isWord) choices.goOn()
      if (!hasUsage) return seenWords(wordBytes)
      const usage = tokenCounts(record(objectOf(textOf(event))?.usage))
      if (usage !== null) ending.take([{ type: 'usage', data: usage }])
      return { ...seenWords(wordBytes), usage }
    },
    get hasReason() {
      return choices.haveEnded
    },
    get end() {
      return choices.haveEnded ? end() : null
    },
  }
}
