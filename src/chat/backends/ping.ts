// Asks each backend for one word, over the route that it serves, and says what came.
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import { attempt } from '../upstream/attempt.js'
import { createDialectReader } from '../upstream/dialect-reader.js'
import type { UpstreamEdge } from '../upstream/edge.js'
import { type Question, type UpstreamRequest, upstreamRequest } from '../upstream/request.js'
import { type FailureCause, failureCause } from '../upstream/retry.js'
import { type Backend, type ChatBackends, keyHeaders, modelAt, pathAt } from './backend.js'

export type Pong = {
  readonly name: string
  readonly ok: boolean
  /** Until the first word, or the failure. */
  readonly ms: number
  /** The name that the backend uses; null: none is known. */
  readonly model: string | null
  /** Null: it answered. */
  readonly cause: FailureCause
}

export type PingParts = {
  readonly edge: UpstreamEdge
  readonly clock: Clock
  readonly timers: Timers
  readonly timeoutMs: number
}

const ASKED = 'Answer with one word.'
const QUESTION: Question = {
  query: ASKED,
  history: [],
  email: null,
  role: null,
  requestId: 'ping',
  traceparent: null,
  tracestate: null,
  sessionId: null,
  continuityId: null,
  authorization: null,
}

/** The first model of its own, or the one of the settings. */
function modelOf(backend: Backend, chatModel: string | null): string | null {
  const its = chatModel === null ? null : modelAt(backend, chatModel)
  if (its !== null) return its
  const [first] = backend.models?.values() ?? []
  return first ?? null
}

type Route = { readonly path: string; readonly body: object | null }

/** Of the routes that it serves, the one that costs least to ask. */
function routeOf({ serves }: Backend): Route {
  const messages = [{ role: 'user', content: ASKED }]
  if (serves.has('chat')) return { path: '/chat/completions', body: { messages, stream: true } }
  if (serves.has('responses')) return { path: '/responses', body: { input: ASKED, stream: true } }
  if (serves.has('messages')) return { path: '/messages', body: { messages, max_tokens: 16, stream: true } }
  if (serves.has('completions'))
    return { path: '/completions', body: { prompt: ASKED, max_tokens: 4, stream: true } }
  if (serves.has('embeddings')) return { path: '/embeddings', body: { input: ASKED } }
  return { path: '/models', body: null }
}

function requestOf(backend: Backend, model: string | null): UpstreamRequest {
  const { path, body } = routeOf(backend)
  const given = { ...body, ...(model === null ? {} : { model }) }
  const version = path === '/messages' ? { 'anthropic-version': '2023-06-01' } : {}
  return {
    origin: backend.url.origin,
    path: pathAt(backend.url, path),
    method: body === null ? 'GET' : 'POST',
    headers: { accept: '*/*', 'content-type': 'application/json', ...version, ...keyHeaders(backend) },
    body: body === null ? null : JSON.stringify(given),
  }
}

/** Never throws. */
function ping(
  backend: Backend,
  request: UpstreamRequest,
  model: string | null,
  parts: PingParts,
): Promise<Pong> {
  const { edge, clock, timers, timeoutMs } = parts
  const startMs = clock.monotonicMs()
  const streams = !/\/(embeddings|models)$/.test(request.path.split('?', 1)[0] ?? '')
  const reader = createDialectReader(() => {})
  return new Promise(resolve => {
    const settle = (cause: FailureCause): void => {
      cancel()
      call.abort()
      const ms = Math.round(clock.monotonicMs() - startMs)
      resolve({ name: backend.name, ok: cause === null, ms, model, cause })
    }
    // A document is an answer as it is; only a stream is read.
    const own = streams ? reader : { ...reader, accepts: (type: string) => /json/i.test(type) }
    const call = attempt(edge, request, own, 0, {
      onHead: () => {
        if (!streams) settle(null)
      },
      onItems: items => {
        if (items === null || items.length === 0) return
        if (items.some(reader.isVisible)) settle(null)
        else if (items.some(reader.isError)) settle('in_band')
        else if (items.some(reader.isTerminal)) settle('no_word')
      },
      onFailure: failure => settle(failureCause(failure)),
      onClosed: () => {},
    })
    const cancel = timers.after(timeoutMs, () => call.stalled())
  })
}

/** All at once; in their order. `chat`: those of the bali-zero routes, which have their own form; `others`: those of /v1 alone. */
export function pingAll(
  chat: ChatBackends,
  others: readonly Backend[],
  chatModel: string | null,
  parts: PingParts,
): Promise<readonly Pong[]> {
  const { style } = chat
  const rag = style === 'openai' ? [] : chat.backends
  const apis = style === 'openai' ? [...chat.backends, ...others] : others
  return Promise.all([
    ...rag.flatMap(backend => {
      const request = upstreamRequest(backend, QUESTION, { style, model: null })
      return request === null ? [] : [ping(backend, request, null, parts)]
    }),
    ...apis.map(backend => {
      const model = modelOf(backend, chatModel)
      return ping(backend, requestOf(backend, model), model, parts)
    }),
  ])
}
