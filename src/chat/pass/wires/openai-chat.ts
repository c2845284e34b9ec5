// /v1/chat/completions and /v1/completions: chunks without a name, then `[DONE]`; an error is a chunk with a member `error`. A reason for
// each choice without `[DONE]` is an end as well: that is how the clients of this API take it.
import { isFailure, isUnknownFailure } from '../../upstream/failures.js'
import { record } from '../../upstream/values.js'
import { Choices } from './choices.js'
import { Ending } from './ending.js'
import {
  DONE_MARK,
  FAILED,
  hasUsage,
  nameOf,
  objectOf,
  type Seen,
  textOf,
  tokenCounts,
  type Wire,
  wordBehind,
} from './wire.js'

/** A word of any kind: text, thoughts, a refusal, the arguments of a tool, a sound. */
const A_WORD =
  /"(?:content|text|reasoning|reasoning_content|(refusal)|arguments|name|data|transcript)"\s*:\s*"(?!")/
/** A reason, or a choice beyond the first. */
const OF_CHOICES = /"(?:finish_reason"\s*:\s*"(?!")|index"\s*:\s*[1-9])/

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
    // The hot path: one search for each kind of event; JSON is parsed for reasons, counts and errors alone.
    look: event => {
      const text = textOf(event)
      if (text.length < 64 && DONE_MARK.test(text)) return end()
      const match = A_WORD.exec(text)
      const seen = wordBehind(text, match)
      const isWord = seen.wordBytes > 0
      if (match?.[1] !== undefined) ending.refused()
      if (isWord) ending.spoke()
      if ((!isWord || text.includes('"error"') || text.startsWith('event')) && isError(text)) return FAILED
      if (OF_CHOICES.test(text)) choices.take(objectOf(text) ?? {}, isWord)
      else if (isWord) choices.goOn()
      if (!hasUsage(text)) return seen
      const usage = tokenCounts(record(objectOf(text)?.usage))
      if (usage !== null) ending.take([{ type: 'usage', data: usage }])
      return { ...seen, usage }
    },
    get hasReason() {
      return choices.haveEnded
    },
    get end() {
      return choices.haveEnded ? end() : null
    },
  }
}
