// The chunks of OpenAI's chat format as a UI message. Only the first choice is shown: a UI message is one answer.
import { finishReason, type Parts } from './parts.js'

type Json = Readonly<Record<string, unknown>>
type Call = { readonly id: string; readonly name: string }

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export type OpenAiReader = {
  /** The `data` of one event. True: the answer has ended. */
  take(data: string): boolean
  /** Whether a terminal has come. */
  readonly ended: boolean
}

export function createOpenAiReader(parts: Parts): OpenAiReader {
  let reason = 'other'
  let ended = false
  const calls = new Map<number, Call>()

  function fail(error: unknown): void {
    ended = true
    const text = typeof error === 'string' ? error : textOf(objectOf(error).message)
    parts.fail(text === '' ? 'The model reported an error.' : text)
  }

  function takeCall(given: unknown): void {
    const { index, id, function: fn } = objectOf(given)
    const { name, arguments: delta } = objectOf(fn)
    const at = typeof index === 'number' ? index : 0
    const call = calls.get(at) ?? { id: textOf(id) || `call-${at}`, name: textOf(name) }
    calls.set(at, call)
    parts.toolInput(call, textOf(delta))
  }

  function takeChoice(choice: Json): void {
    const delta = objectOf(choice.delta)
    parts.delta('reasoning', textOf(delta.reasoning_content ?? delta.reasoning))
    parts.delta('text', textOf(delta.content))
    parts.delta('refusal', textOf(delta.refusal))
    for (const call of listOf(delta.tool_calls)) takeCall(call)
    if (typeof choice.finish_reason === 'string') reason = choice.finish_reason
  }

  return {
    get ended() {
      return ended
    },
    take(data) {
      if (ended) return true
      if (data === '[DONE]') {
        ended = true
        parts.finish(finishReason(reason))
        return true
      }
      let chunk: Json
      try {
        chunk = objectOf(JSON.parse(data))
      } catch {
        fail('The server sent an event that is not JSON.')
        return true
      }
      if (chunk.error !== undefined && chunk.error !== null) fail(chunk.error)
      else {
        for (const each of listOf(chunk.choices)) {
          const choice = objectOf(each)
          if ((choice.index ?? 0) === 0) takeChoice(choice)
        }
        if (chunk.usage !== undefined && chunk.usage !== null) parts.metadata({ usage: chunk.usage })
      }
      return ended
    },
  }
}
