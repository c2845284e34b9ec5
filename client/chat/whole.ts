// The whole answer of {prefix}/chat as the events of a stream, without numbers.
import { type AnswerMetrics, type ChatEvent, type ChatSource, usageIn } from './events.js'

type Whole = {
  readonly success?: unknown
  readonly response?: unknown
  /** How it ended; missing where it is complete and the server is of an earlier version. */
  readonly reason?: unknown
  readonly reasoning?: unknown
  readonly refusal?: unknown
  readonly model_used?: unknown
  readonly sources?: unknown
  readonly usage?: unknown
}

/** `isWhole(body)` must hold; `metrics` is called after the text was consumed. */
export function* wholeEvents(body: unknown, metrics: () => AnswerMetrics): Generator<ChatEvent> {
  const { response, reason, reasoning, refusal, model_used, sources, usage } = body as Whole
  const own = { sequence: -1, timestamp: Date.now() }
  if (model_used !== undefined) yield { ...own, type: 'metadata', data: { model_used } }
  if (Array.isArray(sources)) yield { ...own, type: 'sources', data: sources as readonly ChatSource[] }
  if (typeof reasoning === 'string') yield { ...own, type: 'reasoning', data: reasoning }
  if (response !== '') yield { ...own, type: 'token', data: response as string }
  if (typeof refusal === 'string') yield { ...own, type: 'refusal', data: refusal }
  if (usage !== undefined) yield { ...own, type: 'usage', data: usageIn(usage) }
  yield {
    ...own,
    type: 'done',
    data: { reason: typeof reason === 'string' ? reason : 'complete', metrics: metrics() },
  }
}

export function isWhole(body: unknown): boolean {
  const { success, reason, response } = (body ?? {}) as Whole
  return typeof response === 'string' && (success === true || typeof reason === 'string')
}
