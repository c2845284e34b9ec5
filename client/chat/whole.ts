// The whole answer of {prefix}/chat as the events of a stream, without numbers.
import { type AnswerMetrics, type ChatEvent, type ChatSource, usageIn } from './events.js'

type Whole = {
  readonly success?: unknown
  readonly response?: unknown
  readonly model_used?: unknown
  readonly sources?: unknown
  readonly usage?: unknown
}

/** `isWhole(body)` must hold; `metrics` is called after the text was consumed. */
export function* wholeEvents(body: unknown, metrics: () => AnswerMetrics): Generator<ChatEvent> {
  const { response, model_used, sources, usage } = body as Whole
  const own = { sequence: -1, timestamp: Date.now() }
  if (model_used !== undefined) yield { ...own, type: 'metadata', data: { model_used } }
  if (Array.isArray(sources)) yield { ...own, type: 'sources', data: sources as readonly ChatSource[] }
  if (response !== '') yield { ...own, type: 'token', data: response as string }
  if (usage !== undefined) yield { ...own, type: 'usage', data: usageIn(usage) }
  yield { ...own, type: 'done', data: { reason: 'complete', metrics: metrics() } }
}

export function isWhole(body: unknown): boolean {
  const { success, response } = (body ?? {}) as Whole
  return success === true && typeof response === 'string'
}
