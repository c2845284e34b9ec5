// g6-stream/chat-client: asks the chat relay and follows its answers, in browser and Node. The protocol: docs/chat.md.
import type { ChatQuestion, ChatStream, ClientOptions, StreamOptions } from './contract.js'
import { createChatStream } from './stream.js'

export type { EndKind } from '../../src/protocol/end-reasons.js'
export type {
  ChatCallbacks,
  ChatEnd,
  ChatMetrics,
  ChatQuestion,
  ChatStream,
  ClientOptions,
  StreamOptions,
} from './contract.js'
export { ChatError } from './errors.js'
export type { AnswerMetrics, ChatEvent, ChatSource, Connected, Usage } from './events.js'

export type ChatClient = {
  /** Asks, and follows the answer by callbacks or `for await`. A string is a question without history. */
  stream(question: string | ChatQuestion, options?: StreamOptions): ChatStream
  /** Follows the answer with this id from its beginning, for example after a reload of the page. */
  resume(streamId: string, options?: StreamOptions): ChatStream
}

export function createChatClient(client: ClientOptions = {}): ChatClient {
  return {
    stream: (question, options = {}) =>
      createChatStream(
        { question: typeof question === 'string' ? { query: question } : question },
        client,
        options,
      ),
    resume: (streamId, options = {}) => createChatStream({ streamId }, client, options),
  }
}
