// Requests that are passed on and never logged: the answer goes through as it comes, no faster than its reader takes it.
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../../contract/errors.js'
import { checkModel } from '../admission.js'
import { type Backend, modelAt, pathAt, type Served } from '../backends/backend.js'
import { estimatedTokens } from '../keys/token-uses.js'
import type { Spent } from '../ports.js'
import { failedBefore } from '../refused.js'
import type { AskParts } from '../start.js'
import type { EdgeCall, EdgeHeaders } from '../upstream/edge.js'
import type { UpstreamRequest } from '../upstream/request.js'
import { readBody, withModel } from './body.js'
import { headersToBackend, headersToCaller } from './headers.js'
import { askerOf, queryOf, withQuery } from './question.js'

type Head = { readonly status: number; readonly headers: EdgeHeaders; readonly body: Readable }

/** What is asked of whom. */
export type Forwarding = {
  /** Behind `/v1`. */
  readonly path: string
  readonly backends: readonly Backend[]
  /** The body's model is one of the backend's. */
  readonly hasModel: boolean
}

/** The backends for a path; null: of any. */
export function serving(backends: readonly Backend[], served: Served | null): readonly Backend[] {
  return served === null ? backends : backends.filter(({ serves }) => serves.has(served))
}

export async function forward(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
  forwarding: Forwarding,
): Promise<FastifyReply> {
  const requests = requestsOf(parts, request, forwarding)
  if (requests.length === 0) throw new HttpError('model_not_served')
  const { relayKey } = parts.admission.of(request).caller
  const count = (tail: string, sentBytes: number): void =>
    parts.limits.spent(relayKey, spentOn(tail, sentBytes))
  for (const each of requests) {
    const head = await headOf(parts, each, reply, forwarding.hasModel ? count : null)
    if (head === 'gone') return reply.hijack()
    if (head === 'timeout') throw failedBefore('first_token_timeout')
    // What was not sent may be sent to another backend.
    if (head === 'unreachable') continue
    if (head === 'failed') throw failedBefore('upstream_failed')
    return reply.code(head.status).headers(headersToCaller(head.headers)).send(head.body)
  }
  throw failedBefore('upstream_unreachable')
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

function requestsOf(
  { admission }: AskParts,
  request: FastifyRequest,
  { path, backends, hasModel }: Forwarding,
): readonly UpstreamRequest[] {
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
    return [
      {
        origin: backend.url.origin,
        path: withQuery(pathAt(backend.url, path), query),
        method,
        headers,
        body: sent,
      },
    ]
  })
}

/** Of the end of an answer, where its usage is. */
const TAIL_BYTES = 512
const PROMPT_TOKENS = /"prompt_tokens"\s*:\s*(\d{1,12})/

function spentOn(tail: string, sentBytes: number): Spent {
  const counted = PROMPT_TOKENS.exec(tail)?.[1]
  const tokens = counted === undefined ? estimatedTokens(sentBytes) : Number(counted)
  return { in: tokens, out: 0, estimated: counted === undefined }
}

/** Resolves with the head; the body follows as it is read. `onWhole`: the end of a body that came whole with a 200. */
function headOf(
  { relay, timers, config }: AskParts,
  request: UpstreamRequest,
  { raw }: FastifyReply,
  onWhole: ((tail: string, sentBytes: number) => void) | null,
): Promise<Head | 'gone' | 'timeout' | 'unreachable' | 'failed'> {
  const { chatFirstTokenTimeoutMs, chatMaxDurationMs } = config()
  return new Promise(resolve => {
    let body: Readable | null = null
    let call: EdgeCall | null = null
    let isOver = false
    let tail = Buffer.alloc(0)
    let isGood = false
    const over = (): void => {
      isOver = true
      cancelTimer()
      raw.off('close', onClose)
    }
    const onClose = (): void => {
      over()
      call?.abort()
      resolve('gone')
    }
    let cancelTimer = timers.after(chatFirstTokenTimeoutMs, () => {
      over()
      call?.abort()
      resolve('timeout')
    })
    raw.once('close', onClose)
    if (raw.destroyed) return onClose()
    call = relay.edge.open(request, {
      onHead: (status, headers) => {
        if (status < 200 || isOver) return
        body = new Readable({
          read: () => call?.resume(),
          destroy: (error, done) => {
            if (!isOver) call?.abort()
            over()
            done(error)
          },
        })
        isGood = status === 200
        cancelTimer()
        cancelTimer = timers.after(chatMaxDurationMs, () =>
          body?.destroy(new Error('the answer took too long')),
        )
        resolve({ status, headers, body })
      },
      onData: chunk => {
        if (onWhole !== null) tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES)
        if (body?.push(chunk) === false) call?.pause()
      },
      onEnd: () => {
        over()
        body?.push(null)
        if (isGood) onWhole?.(tail.toString('latin1'), request.body?.length ?? 0)
      },
      onError: () => {
        over()
        // A body that breaks off must not look whole: the connection is destroyed.
        if (body === null) resolve('unreachable')
        else body.destroy(new Error('the backend broke off'))
      },
    })
  })
}
