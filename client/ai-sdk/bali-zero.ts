// The relay's own format: UI messages as a question with history, and its events as a UI message.
import type { UIMessage } from 'ai'
import type { ChatQuestion } from '../chat/contract.js'
import type { ChatEvent } from '../chat/events.js'
import { isConnected } from '../chat/events.js'
import { finishReason, type Parts } from './parts.js'

/** Throws where a message has something that this format cannot carry: nothing is left out in silence. */
function textOf({ parts }: UIMessage): string {
  return parts
    .map(part => {
      if (part.type === 'text') return part.text
      if (part.type === 'file')
        throw new Error(
          "The bali-zero routes take text only; with a file in a message use api: 'chat-completions'.",
        )
      // Reasoning, sources and steps are what an earlier answer reported about itself.
      return ''
    })
    .join('')
}

export function questionOf(messages: readonly UIMessage[]): ChatQuestion {
  const last = messages.findLastIndex(({ role }) => role === 'user')
  const asked = messages[last]
  if (asked === undefined) throw new Error('There is no message of a user to answer.')
  const history = messages.slice(0, last).flatMap(message => {
    const { role } = message
    if (role === 'system')
      throw new Error("The bali-zero routes take no system message; with one use api: 'chat-completions'.")
    const content = textOf(message)
    return content === '' ? [] : [{ role, content }]
  })
  return { query: textOf(asked), ...(history.length === 0 ? {} : { conversation_history: history }) }
}

/** Adds an event of the answer to the message; the events that end it differ by their reasons. */
export function takeEvent(parts: Parts, event: ChatEvent): void {
  switch (event.type) {
    case 'token':
      parts.delta('text', event.data)
      break
    case 'reasoning':
    case 'refusal':
      parts.delta(event.type, event.data)
      break
    case 'sources':
      for (const { url, title, source } of event.data) parts.source({ url, title: title ?? source })
      break
    case 'metadata':
      if (!isConnected(event.data)) parts.metadata(event.data)
      break
    case 'usage':
      parts.metadata({ usage: event.data })
      break
    case 'done':
      parts.finish(finishReason(event.data.reason))
      break
    case 'aborted':
      // What the reader stopped is no failure; what the server ended is.
      if (event.data.reason === 'client_stop') parts.finish('other')
      else parts.fail(`The answer was ended by the server (${event.data.reason}).`)
      break
    case 'error':
      parts.fail(event.data.message)
  }
}
