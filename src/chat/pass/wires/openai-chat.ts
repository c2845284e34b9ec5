// /v1/chat/completions and /v1/completions: chunks without a name, then `[DONE]`; an error is a chunk with a member `error`.
import { record } from '../../upstream/values.js'
import {
  DONE,
  DONE_MARK,
  FAILED,
  hasUsage,
  nameOf,
  objectOf,
  textOf,
  tokenCounts,
  type Wire,
  word,
} from './wire.js'

/** A word of any kind: text, thoughts, a refusal, the arguments of a tool, a sound. */
const A_WORD =
  /"(?:content|text|reasoning|reasoning_content|refusal|arguments|name|data|transcript)"\s*:\s*"(?!")/

export function openAiChat(): Wire {
  return {
    // The hot path: one search for each kind of event; JSON is parsed for counts and errors alone.
    look: event => {
      const text = textOf(event)
      if (text.length < 64 && DONE_MARK.test(text)) return DONE
      if (text.includes('"error"') || text.startsWith('event')) {
        const frame = objectOf(text)
        const isError = frame !== null && ((frame.error ?? null) !== null || frame.object === 'error')
        if (isError || nameOf(text) === 'error') return FAILED
      }
      const seen = word(text, A_WORD)
      return hasUsage(text) ? { ...seen, usage: tokenCounts(record(objectOf(text)?.usage)) } : seen
    },
    endsWithBody: () => false,
  }
}
