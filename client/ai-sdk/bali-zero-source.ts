// Answers of the `bali-zero` routes, by the chat client: it reconnects, and shows nothing twice.
import type { ClientOptions } from '../chat/contract.js'
import { isConnected } from '../chat/events.js'
import { type ChatError, type ChatStream, createChatClient } from '../chat/index.js'
import { type Answer, AnswerLost, type AnswerSource, lostConnection } from './answer.js'
import { questionOf, takeEvent } from './bali-zero.js'
import { currentOf, type G6TransportOptions } from './options.js'

const LOST: ReadonlySet<string> = new Set(['lost', 'not_found', 'expired'])
const BROKEN: ReadonlySet<string> = new Set(['network', 'timeout'])

export function baliZeroSource(options: G6TransportOptions): AnswerSource {
  const client = (headers: Readonly<Record<string, string>>) => {
    const { baseUrl, prefix, fetch, maxReconnectAttempts, reconnectDelay } = options
    const given = { baseUrl, prefix, fetch, maxReconnectAttempts, reconnectDelay }
    const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    return createChatClient({
      ...(known as ClientOptions),
      headers: () => ({ ...currentOf(options.headers), ...headers }),
    })
  }
  return {
    ask: ({ messages, headers, body }) =>
      answerOf(client(headers).stream({ ...questionOf(messages), ...body }), false),
    resume: (streamId, headers) => answerOf(client(headers).resume(streamId), true),
  }
}

function answerOf(stream: ChatStream, isResume: boolean): Answer {
  const events = stream[Symbol.asyncIterator]()
  const first = events.next()
  return {
    begun: first.then(
      ({ value }) =>
        value?.type === 'metadata' && isConnected(value.data) ? value.data.streamId : stream.streamId,
      (error: ChatError) => {
        if (isResume && LOST.has(error.code)) throw new AnswerLost(error.message)
        throw error
      },
    ),
    async follow(parts) {
      try {
        for (let next = await first; !next.done; next = await events.next()) takeEvent(parts, next.value)
      } catch (error) {
        const { code, message } = error as ChatError
        if (BROKEN.has(code)) throw lostConnection(error as ChatError)
        parts.fail(message)
      }
    },
    stop: () => stream.stop(),
    leave: () => stream.leave(),
  }
}
