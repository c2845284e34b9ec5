// createHub: one board for many readers, inside a server of your own. docs/library.md shows how.
import { VERSION } from '../app/version.js'
import type { Board } from '../board/board.js'
import { Connections } from '../connection/connections.js'
import { tcpTable } from '../connection/tcp-table-files.js'
import { Hub } from '../hub/hub.js'
import type { HubStats } from '../hub/hub-types.js'
import { Answers, HISTORY_PATHS } from './answer.js'
import { answerFetch } from './fetch.js'
import { answerNode, type NodeRequest, type NodeResponse, targetOf } from './node.js'
import { checkOptions, type LiveHubOptions } from './options.js'

type FastifyReply = {
  readonly raw: NodeResponse
  getHeaders(): Readonly<Record<string, string | number | readonly string[] | undefined>>
  hijack(): unknown
}

/** What the plugin asks of the app, so that this package has no need of Fastify's types. */
type FastifyApp = {
  all(path: string, handler: (request: { readonly raw: NodeRequest }, reply: FastifyReply) => void): unknown
  addHook(name: 'preClose', hook: () => Promise<void>): unknown
}

export type LiveHub = {
  /** For `http.createServer`, `https.createServer` and `http2.createSecureServer`. 404 for every other address. */
  readonly handler: (request: NodeRequest, response: NodeResponse) => void
  /** Middleware: `app.use(hub.express)`, under a prefix or not. Passes on every other request. */
  readonly express: (request: NodeRequest, response: NodeResponse, next: (error?: unknown) => void) => void
  /** Plugin: `app.register(hub.fastify, { prefix })`. Closes the hub when the app closes. */
  readonly fastify: (app: FastifyApp, options: { readonly prefix?: string }, done: () => void) => void
  /** For servers that turn a `Request` into a `Response`. 404 for every other address. */
  readonly fetch: (request: Request) => Promise<Response>
  readonly stats: () => HubStats
  /** Sends each client what it lacks and `bye`; resolves when all are gone or after `graceMs` (5 000). Idempotent. */
  readonly close: (graceMs?: number) => Promise<void>
}

type Publish = (board: Board) => void

const CLOSE_GRACE_MS = 5_000
/** 20 % more or less for each client. */
const MAX_AGE_MS = 3_600_000
const FASTIFY_PATHS = ['/summary/events', '/summary/stream', '/summary/resync']
const FASTIFY_PAGE_PATHS = ['/', '/assets/*', '/summary/health', ...HISTORY_PATHS]

/** The hubs that have no board yet, with the way to publish one. */
const free = new WeakMap<LiveHub, Publish>()

/** For createBoard. Throws when the hub has a board already. */
export function claimHub(hub: LiveHub): Publish {
  const publish = free.get(hub)
  if (publish === undefined) {
    throw new Error(
      'createBoard needs a hub of createHub() that has no board yet: one hub serves one board. For a second board, make a second hub under another prefix',
    )
  }
  free.delete(hub)
  return publish
}

/** Throws a TypeError for options that are not allowed. */
export function createHub(given: LiveHubOptions = {}): LiveHub {
  const options = checkOptions(given)
  const connections = new Connections({
    tcpTable: tcpTable(),
    maxAgeMs: () => MAX_AGE_MS,
  })
  let isClosing = false
  const settings = {
    sseHeartbeatCycles: 5,
    sseForceFullEveryN: 0,
    sseStructMaxChanges: 40,
    sseEventsPerSec: options.eventsPerSec,
    sseMaxEventBytes: options.maxEventBytes,
    sseStallTimeoutMs: options.stallTimeoutMs,
    sseReconnectSpreadMs: options.reconnectSpreadMs,
    sseRetryMs: options.retryMs,
    // There is no interval: a board comes when something is set.
    summaryRefreshSec: 0,
  }
  const core = new Hub({
    settings: () => settings,
    version: VERSION,
    keepaliveMs: options.keepaliveMs,
    connections,
    log: { error: ({ err }) => options.onError(err) },
  })
  const answers = new Answers({
    hub: core,
    options,
    clients: () => connections.streams,
    onFull: () => connections.refuse(),
    isClosing: () => isClosing,
  })
  const handler: LiveHub['handler'] = (request, response) => {
    answerNode(answers, request, response).catch(options.onError)
  }
  const close: LiveHub['close'] = (graceMs = CLOSE_GRACE_MS) => {
    isClosing = true
    return core.close(graceMs)
  }
  const hub: LiveHub = {
    handler,
    express: (request, response, next) => {
      if (answers.route(targetOf(request)) === null) next()
      else handler(request, response)
    },
    fastify: (app, _, done) => {
      for (const path of [...FASTIFY_PATHS, ...(options.page ? FASTIFY_PAGE_PATHS : [])]) {
        app.all(path, (request, reply) => {
          // What plugins of the app have put there (CORS, security headers) goes out with the answer.
          for (const [name, value] of Object.entries(reply.getHeaders())) {
            if (value !== undefined) reply.raw.setHeader(name, value)
          }
          reply.hijack()
          handler(request.raw, reply.raw)
        })
      }
      app.addHook('preClose', () => close())
      done()
    },
    fetch: request => answerFetch(answers, request),
    stats: () => core.stats(),
    close,
  }
  free.set(hub, board => core.publishNow(board, null))
  return hub
}
