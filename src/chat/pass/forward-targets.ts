// A request that is passed on, as each of the backends gets it.
import type { FastifyRequest } from 'fastify'
import { HttpError } from '../../contract/errors.js'
import { checkModel } from '../admission.js'
import { type Backend, modelAt, pathAt } from '../backends/backend.js'
import type { AskParts } from '../start.js'
import type { UpstreamRequest } from '../upstream/request.js'
import { readBody, withModel } from './body.js'
import { headersToBackend } from './headers.js'
import { askerOf, queryOf, withQuery } from './question.js'

export type ToBackend = { readonly backend: Backend; readonly request: UpstreamRequest }

/** What is asked of whom. */
export type Forwarded = {
  /** Behind `/v1`. */
  readonly path: string
  readonly backends: readonly Backend[]
  /** The body's model is one of the backend's. */
  readonly hasModel: boolean
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The backends that may be asked, each with its request. Throws the refusal of a body that is not allowed. */
export function targetsOf(
  { admission }: AskParts,
  request: FastifyRequest,
  { path, backends, hasModel }: Forwarded,
): readonly ToBackend[] {
  const admitted = admission.of(request)
  const { caller } = admitted
  const { isSecret } = admission
  const body = Buffer.isBuffer(request.body) ? request.body : null
  const read = body === null ? null : readBody(body)
  if (hasModel && typeof read === 'string')
    throw new HttpError('invalid_document', 'The body must be a JSON object.')
  // Also where only its backend knows what the body means: a key with models may use no other by another path.
  if (read !== null) checkModel(caller, typeof read === 'string' ? null : read.model)
  const facts = hasModel && typeof read !== 'string' ? read : null
  const method = METHODS.find(each => each === request.method) ?? 'GET'
  const asker = askerOf(request, admitted, isSecret)
  const query = queryOf(request.url, isSecret)
  return backends.flatMap(backend => {
    const headers = headersToBackend(asker, backend, request.headers.accept ?? '*/*')
    const asked = facts?.model ?? null
    const model = asked === null ? null : modelAt(backend, asked)
    if (headers === null || (asked !== null && model === null)) return []
    const sent =
      body !== null && facts !== null && model !== null && model !== asked
        ? withModel(body, facts, model)
        : body
    const { url } = backend
    const sending = {
      origin: url.origin,
      path: withQuery(pathAt(url, path), query),
      method,
      headers,
      body: sent,
    }
    return [{ backend, request: sending }]
  })
}
