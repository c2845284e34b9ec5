// A question of the `bali-zero` routes: whom to ask, in which dialect, and what becomes of the answer.
import { baliZeroFormat } from './bali-zero-answer.js'
import type { Request } from './begin.js'
import type { ChatConfig } from './chat-config.js'
import type { UpstreamEvent } from './events.js'
import type { Target } from './upstream/call.js'
import { createDialectReader } from './upstream/dialect-reader.js'
import { type Question, upstreamRequest } from './upstream/request.js'

export type QuestionConfig = Pick<
  ChatConfig,
  'ragBackendUrl' | 'ragBackendToken' | 'chatUpstream' | 'chatModel'
>

export function baliZeroRequest(question: Question, config: QuestionConfig): Request<UpstreamEvent> {
  const { ragBackendUrl, ragBackendToken: token, chatUpstream: style, chatModel: model } = config
  const { requestId, query, sessionId } = question
  return {
    requestId,
    query,
    sessionId,
    format: baliZeroFormat(charsOf(question)),
    asking: {
      targets: targetsOf(ragBackendUrl),
      requestFor: ({ url }) => upstreamRequest(url, question, { style, model, token }),
      newReader: onUnknown => createDialectReader(style === 'openai' ? 'openai' : 'rag', onUnknown),
      keptRefusalBytes: 0,
    },
  }
}

const targetsOfList = new WeakMap<readonly string[], readonly Target[]>()

/** Parsed once for each setting of RAG_BACKEND_URL, not for each question. */
function targetsOf(urls: readonly string[]): readonly Target[] {
  const known = targetsOfList.get(urls)
  if (known !== undefined) return known
  const targets = urls.map(url => ({ url: new URL(url) }))
  targetsOfList.set(urls, targets)
  return targets
}

function charsOf({ query, history }: Question): number {
  return query.length + history.reduce((sum, { content }) => sum + content.length, 0)
}
