// A question of the `bali-zero` routes: whom to ask, in which dialect, and what becomes of the answer.
import { type BackendSettings, chatBackendsOf } from './backends/backend.js'
import { baliZeroFormat } from './bali-zero-answer.js'
import type { Request } from './begin.js'
import type { ChatConfig } from './chat-config.js'
import type { UpstreamEvent } from './events.js'
import { traceIdOf } from './trace-context.js'
import { createDialectReader } from './upstream/dialect-reader.js'
import { type Question, upstreamRequest } from './upstream/request.js'

export type QuestionConfig = BackendSettings & Pick<ChatConfig, 'chatModel'>

export function baliZeroRequest(question: Question, config: QuestionConfig): Request<UpstreamEvent> {
  const { style, backends } = chatBackendsOf(config)
  const { requestId, query, sessionId, traceparent } = question
  return {
    requestId,
    query,
    sessionId,
    traceId: traceIdOf(traceparent),
    format: baliZeroFormat(charsOf(question)),
    asking: {
      targets: backends,
      requestFor: backend => upstreamRequest(backend, question, { style, model: config.chatModel }),
      newReader: createDialectReader,
      keptRefusalBytes: 0,
      // Its metadata may come twice: a later one is the one that counts.
      handsOnEarly: true,
    },
  }
}

function charsOf({ query, history }: Question): number {
  return query.length + history.reduce((sum, { content }) => sum + content.length, 0)
}
