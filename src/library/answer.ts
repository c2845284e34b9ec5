// What a request gets, whatever framework it came through: the stream, the whole board, the page, or a problem document.
// The adapters (node.ts, fetch.ts) read requests and write answers; everything else is decided here.
import type { Board } from '../board/board.js'
import type { Wire } from '../connection/transport.js'
import { HttpError, problem, statusOf } from '../contract/errors.js'
import { acceptsGzip } from '../contract/negotiation.js'
import type { OpenStream } from '../contract/plugin.js'
import { busyHeaders } from '../contract/refusal.js'
import { preflightHeaders } from '../guards/cors.js'
import { requestIdOf } from '../guards/ids.js'
import { commonHeaders, DOCUMENT_HEADERS, STREAM_HEADERS } from '../http/answer-headers.js'
import { asHttpError } from '../http/problem-answer.js'
import { panelSubset, resyncQuery, streamQuery, wantedStream } from '../http/queries.js'
import { DOCUMENT, NOT_BUILT, pageAnswer, readPage } from '../http/routes/built-files.js'
import { ResyncAnswers } from '../http/routes/resync.js'
import { queryOf } from '../http/zod-schemas.js'
import type { Hub } from '../hub/hub.js'
import type { CheckedOptions, HubRequest } from './options.js'

type Stream = Pick<OpenStream, 'transport' | 'wire'>
type Headers = Readonly<Record<string, string>>

/** How an adapter writes an answer; one of the two is called, once. */
export interface Reply {
  /** `body` is left out of the answer to a HEAD. */
  document(status: number, headers: Headers, body: Buffer | null): void
  /** Sends the head of a stream; null when the client is gone. */
  stream(headers: Headers, encoding: Wire['encoding']): Stream | null
}

type Parts = {
  readonly hub: Hub
  readonly options: CheckedOptions
  /** Streams open now. */
  readonly clients: () => number
  /** One more found no place. */
  readonly onFull: () => void
  readonly isClosing: () => boolean
}

const REQUEST_ID = 'X-Request-ID'
const METHODS = ['GET', 'HEAD', 'OPTIONS']
const ALLOW = { Allow: METHODS.join(', ') }
const REFUSED = 'The server refused this request; send a token or a session that it accepts.'

/** Also panels that were removed: a client that comes back asks for what it knew. */
function knownKeys(board: Board | null): ReadonlySet<string> {
  return new Set(board === null ? [] : [...board.panels.keys(), ...board.tombstones.keys()])
}

/** What the page asks besides the board. */
export const HISTORY_PATHS: readonly string[] = ['/summary/history', '/summary/history/verdicts']

export class Answers {
  readonly #parts: Parts
  readonly #pageFiles: ReturnType<typeof readPage>
  readonly #resync = new ResyncAnswers()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#pageFiles = parts.options.page ? readPage() : new Map()
    if (parts.options.page && this.#pageFiles.size === 0) throw new Error(NOT_BUILT)
  }

  /** Whether there is something at this request target: the stream and the board under any prefix, the page at `/`. */
  route(target: string): 'events' | 'resync' | 'health' | 'history' | { readonly file: string } | null {
    const [path = ''] = target.split(/[?#]/, 1)
    if (path.endsWith('/summary/events') || path.endsWith('/summary/stream')) return 'events'
    if (path.endsWith('/summary/resync')) return 'resync'
    if (this.#pageFiles.size > 0) {
      if (path === '/summary/health') return 'health'
      if (HISTORY_PATHS.includes(path)) return 'history'
    }
    const file = path === '/' ? DOCUMENT : path.slice(1)
    return this.#pageFiles.has(file) ? { file } : null
  }

  /** Answers the request through `reply`; an error becomes a problem document. */
  async answer(request: HubRequest, reply: Reply): Promise<void> {
    const { options } = this.#parts
    const requestId = requestIdOf(request.header('x-request-id'))
    const cors = { sseAllowOrigin: options.allowOrigin, sseRequestIdHeader: REQUEST_ID }
    const common = commonHeaders({ headers: { origin: request.header('origin') } }, requestId, cors)
    try {
      await this.#answer(request, reply, common)
    } catch (thrown) {
      const error = asHttpError(thrown)
      if (error.code === 'internal') options.onError(thrown)
      const body = Buffer.from(JSON.stringify(problem(error.code, requestId, error.detail)))
      const headers = { ...DOCUMENT_HEADERS, ...common, ...error.headers }
      reply.document(statusOf(error.code), { ...headers, 'Content-Type': 'application/problem+json' }, body)
    }
  }

  async #answer(request: HubRequest, reply: Reply, common: Headers): Promise<void> {
    const { authorize, allowOrigin } = this.#parts.options
    const { method } = request
    const route = this.route(request.url)
    if (route === null) throw new HttpError('not_found')
    if (method === 'OPTIONS') {
      const preflight = preflightHeaders(request.header('origin'), allowOrigin, METHODS, REQUEST_ID)
      reply.document(204, { ...common, ...ALLOW, ...preflight }, null)
      return
    }
    if (method !== 'GET' && method !== 'HEAD') throw new HttpError('method_not_allowed', undefined, ALLOW)
    if (typeof route === 'object') {
      this.#sendFile(route.file, request, reply, common)
      return
    }
    if (authorize !== undefined && !(await authorize(request))) {
      throw new HttpError('token_wrong', REFUSED, { 'WWW-Authenticate': 'Bearer' })
    }
    if (route === 'events') this.#joinHub(request, reply, common)
    else if (route === 'resync') this.#sendBoard(request, reply, common)
    else if (route === 'health') this.#sendHealth(reply, common)
    // The page asks for the past; there is none, which is no error.
    else reply.document(204, { ...DOCUMENT_HEADERS, ...common }, null)
  }

  /** The page has no data, so nobody is asked for it. */
  #sendFile(name: string, request: HubRequest, reply: Reply, common: Headers): void {
    const file = this.#pageFiles.get(name)
    if (file === undefined) throw new HttpError('not_found')
    const asked = {
      'accept-encoding': request.header('accept-encoding'),
      'if-none-match': request.header('if-none-match'),
    }
    const { headers, bytes } = pageAnswer(name, file, asked)
    reply.document(bytes === null ? 304 : 200, { ...DOCUMENT_HEADERS, ...common, ...headers }, bytes)
  }

  #joinHub(request: HubRequest, reply: Reply, common: Headers): void {
    const { hub, options, clients, onFull, isClosing } = this.#parts
    const query = queryOf(streamQuery, request.url)
    const lastEventId = request.header('last-event-id')
    const wanted = wantedStream(query, lastEventId, knownKeys(hub.board), options.structured)
    if (isClosing()) throw new HttpError('draining', undefined, busyHeaders())
    const isGzip = options.gzip && acceptsGzip(request.header('accept-encoding'))
    const headers = { ...STREAM_HEADERS, ...common, ...(isGzip && { 'Content-Encoding': 'gzip' }) }
    if (request.method === 'HEAD') {
      reply.document(200, headers, null)
      return
    }
    if (clients() >= options.maxClients) {
      onFull()
      throw new HttpError('too_many_streams', undefined, busyHeaders())
    }
    const stream = reply.stream(headers, isGzip ? 'gzip' : 'plain')
    if (stream !== null) hub.join({ ...stream, ...wanted, owner: null })
  }

  #sendBoard(request: HubRequest, reply: Reply, common: Headers): void {
    const { board } = this.#parts.hub
    const { panels, view = 'lines' } = queryOf(resyncQuery, request.url)
    const subset = panelSubset(panels, knownKeys(board))
    const { etag, bytes } = this.#resync.of(board, subset, view, request.header('if-none-match'))
    const headers = { ...DOCUMENT_HEADERS, ...common, ETag: etag }
    if (bytes === null) reply.document(304, headers, null)
    else reply.document(200, { ...headers, 'Content-Type': 'application/json; charset=utf-8' }, bytes)
  }

  /** What the page asks of the server besides the board. */
  #sendHealth(reply: Reply, common: Headers): void {
    const { hub, clients, isClosing } = this.#parts
    const status = isClosing() ? 'draining' : hub.board === null ? 'starting' : 'ok'
    const body = Buffer.from(JSON.stringify({ ok: true, status, sse: { clients: clients() } }))
    reply.document(200, { ...DOCUMENT_HEADERS, ...common, 'Content-Type': 'application/json' }, body)
  }
}
