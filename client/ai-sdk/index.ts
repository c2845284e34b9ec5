// g6-stream/ai-sdk: a transport for the AI SDK's `useChat`, over the relay. Answers survive cuts and reloads, and `stop()` ends
// them on the server. Of the SDK only types are used.
import type { ChatTransport, UIMessage } from 'ai'
import { baliZeroSource } from './bali-zero-source.js'
import { openAiSource } from './openai-source.js'
import type { G6TransportOptions } from './options.js'
import { runningAnswers } from './running.js'
import { G6Transport } from './transport.js'

export type { G6TransportOptions, Store } from './options.js'

export function createG6Transport<M extends UIMessage = UIMessage>(
  options: G6TransportOptions = {},
): ChatTransport<M> {
  const source = options.api === 'chat-completions' ? openAiSource(options) : baliZeroSource(options)
  return new G6Transport<M>(source, runningAnswers(options.storage))
}
