// A request that is passed on: which backends get it, with which headers and bytes, and how their answer is read.
import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Admitted } from '../admission.js'
import { type Backend, modelAt, pathAt, type Served } from '../backends/backend.js'
import type { Request } from '../begin.js'
import { passedOn } from '../request.js'
import { traceIdOf } from '../trace-context.js'
import type { UpstreamRequest } from '../upstream/request.js'
import { type BodyFacts, withModel } from './body.js'
import { type Asker, headersToBackend } from './headers.js'
import { passFormat } from './pass-answer.js'
import { createPassReader, type PassEvent } from './pass-reader.js'
import { createWholeReader } from './whole-reader.js'
import type { Wire } from './wires/wire.js'

/** Of the body of a refusal. */
const KEPT_REFUSAL_BYTES = 64 * 1024

export type PassRoute = {
  /** Behind `/v1`. */
  readonly path: string
  readonly serves: Served
  readonly wire: () => Wire
  /** The shape of its errors. */
  readonly errors: 'openai' | 'anthropic'
}

export type PassQuestion = {
  readonly route: PassRoute
  readonly request: FastifyRequest
  readonly admitted: Admitted
  readonly body: Buffer
  readonly facts: BodyFacts
  readonly isSecret: IsSecret
  onAnswerId(id: string): void
  /** See Request. */
  cancelRequest(streamId: string): UpstreamRequest | null
}

type IsSecret = Asker['isSecret']

/** The query of the request without what is meant for the relay, and without secrets. */
export function queryOf(url: string, isSecret: IsSecret): string {
  const at = url.indexOf('?')
  if (at === -1) return ''
  const kept = url
    .slice(at + 1)
    .split('&')
    .filter(each => each !== '' && !each.startsWith('on_disconnect='))
    .filter(each => ![...new URLSearchParams(each).values()].some(isSecret))
  return kept.join('&')
}

export function withQuery(path: string, query: string): string {
  if (query === '') return path
  return `${path}${path.includes('?') ? '&' : '?'}${query}`
}

export function askerOf(
  { headers, facts }: FastifyRequest,
  { forwardedKey }: Admitted,
  isSecret: IsSecret,
): Asker {
  return { headers, requestId: facts.requestId, forwardedKey, isSecret }
}

/** Null: this backend does not serve it. */
function requestFor(question: PassQuestion, backend: Backend): UpstreamRequest | null {
  const { route, request, admitted, body, facts } = question
  if (!backend.serves.has(route.serves)) return null
  const model = facts.model === null ? null : modelAt(backend, facts.model)
  if (facts.model !== null && model === null) return null
  const asker = askerOf(request, admitted, question.isSecret)
  const headers = headersToBackend(asker, backend, facts.stream ? 'text/event-stream' : 'application/json')
  if (headers === null) return null
  return {
    origin: backend.url.origin,
    path: withQuery(pathAt(backend.url, route.path), queryOf(request.url, question.isSecret)),
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: model === null || model === facts.model ? body : withModel(body, facts, model),
  }
}

export function digestOf(body: Buffer): string {
  return hash('sha256', body, 'base64url')
}

/** Null: no backend serves it. */
export function passRequest(question: PassQuestion, backends: readonly Backend[]): Request<PassEvent> | null {
  const { route, request, body, facts } = question
  const requests = new Map(
    backends.flatMap((backend): [Backend, UpstreamRequest][] => {
      const made = requestFor(question, backend)
      // A whole answer comes when it is done: no time of the first token is its own.
      const target = facts.stream ? backend : { ...backend, firstTokenTimeoutMs: null }
      return made === null ? [] : [[target, made]]
    }),
  )
  if (requests.size === 0) return null
  return {
    requestId: request.facts.requestId,
    get query() {
      return digestOf(body)
    },
    sessionId: null,
    traceId: traceIdOf(passedOn(request.headers).traceparent),
    kind: 'pass',
    isSilent: !facts.stream,
    cancelRequest: streamId => question.cancelRequest(streamId),
    format: passFormat({
      questionBytes: body.length,
      isWhole: !facts.stream,
      onAnswerId: id => question.onAnswerId(id),
    }),
    asking: {
      targets: [...requests.keys()],
      requestFor: target => requests.get(target) ?? null,
      newReader: () => (facts.stream ? createPassReader(route.wire()) : createWholeReader()),
      keptRefusalBytes: KEPT_REFUSAL_BYTES,
      usesCallerKey: question.admitted.forwardedKey !== null,
    },
  }
}
