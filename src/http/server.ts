// The HTTP server: one set of routes behind one chain of guards, on as many ports as the settings ask for.
//
// The way of a request: node:http parses it (listeners.ts) → `onRequest` below gives it an id, finds the client's address, sets the
// common headers and checks the guards (access.ts) → the route. A stream then leaves node:http (stream-opener.ts). Every failure
// becomes a problem document (problem-answer.ts).
import { type IncomingMessage, METHODS } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.js'
import type { Timers } from '../clock/timers.js'
import type { Connections } from '../connection/connections.js'
import { HttpError } from '../contract/errors.js'
import type { HttpPlugin, HttpShell, RouteRules } from '../contract/plugin.js'
import type { RejectReason } from '../contract/refusal.js'
import { Refusal } from '../contract/refusal.js'
import { preflightHeaders } from '../guards/cors.js'
import { isLocal, judgeBind } from '../guards/host.js'
import { type LagGauge, type LagMonitor, watchLag } from '../guards/lag.js'
import { LoopLag } from '../guards/loop-lag.js'
import { RefusalLog } from '../guards/refusal-log.js'
import type { HubLike } from '../hub/hub-types.js'
import type { Log } from '../log/log.js'
import { Access, GuardRefusal, type StreamTarget } from './access.js'
import { RouteMethods } from './allowed-methods.js'
import { commonHeaders, DOCUMENT_HEADERS } from './answer-headers.js'
import { type DescribedRoute, type DescriptionParts, descriptionRoutes, openApiOf } from './description.js'
import type { HttpConfig } from './http-config.js'
import type { ListenerPlan } from './listen-plan.js'
import { Listeners, type Listening, type TimeLimits } from './listeners.js'
import { asHttpError, MAX_REQUEST_LINE_BYTES, plainProblem, sendProblem } from './problem-answer.js'
import { eventsRoutes, ticketRoute } from './routes/events.js'
import { healthRoute, type MonitoringParts, monitoringRoutes } from './routes/monitoring.js'
import { readersRoute } from './routes/readers.js'
import { resyncRoute } from './routes/resync.js'
import { StreamOpener } from './stream-opener.js'
import { useZod, withoutCompilers } from './zod-schemas.js'

const BODY_LIMIT_BYTES = 64 * 1024
const ROUTED_METHODS: ReadonlySet<string> = new Set(METHODS)
/** A port that cannot accept connections logs it at most this often. */
const ACCEPT_FAULT_EVERY_MS = 60_000
/** That all streams are taken is logged at most this often, with so many addresses. */
const PLACES_EVERY_MS = 60_000
const MOST_ADDRESSES = 5
/** The part of the streams that is ended when the event loop keeps lagging. */
const SHED_PART = 0.1

/** What the HTTP side reports. */
export type HttpObserver = {
  /** A guard refused a request. */
  onRejected?(reason: RejectReason): void
  /** A client asked for /summary/resync. */
  onResync?(): void
}

/** A board besides the main one: stream, document, health, tickets and page under this path. */
export type SecondBoard = {
  /** `/fleet` */
  readonly path: string
  readonly hub: HubLike
  readonly catchUp: () => Promise<void>
  readonly health: () => unknown
  readonly plugins: readonly HttpPlugin[]
}

export type HttpParts = MonitoringParts & {
  /** The settings in force; another object after a reload. */
  readonly config: () => HttpConfig
  readonly listeners: readonly ListenerPlan[]
  /** Null: there is no board to serve, so neither stream nor resync exist. */
  readonly hub: HubLike | null
  /** The same object as the hubs have: the limit of streams reads its count. */
  readonly connections: Connections
  readonly panelKeys: () => ReadonlySet<string>
  /** Brings the board up to date with that of other servers; absent for a server by itself. */
  readonly catchUp?: () => Promise<void>
  /** Another board of its own under a path; absent: there is none. */
  readonly second?: SecondBoard
  readonly observer?: HttpObserver
  readonly log: Log
  readonly clock: Clock
  readonly version: string
  readonly plugins?: readonly HttpPlugin[]
  /** How late the event loop is; measured by Node unless given. */
  readonly lagGauge?: LagGauge
  /** For tests that cannot wait as long as a slow client may take. */
  readonly timeLimits?: TimeLimits
  readonly timers?: Timers
  /** 0 up to 1; spreads the times at which refused clients come back. */
  readonly random?: () => number
}

export interface HttpServer {
  /** The OpenAPI document; opens nothing. */
  describe(): Promise<object>
  /** Opens all ports or none; the error names the port and its setting. */
  listen(): Promise<readonly Listening[]>
  /** From now on new streams are refused and readiness is 503; open streams stay. */
  startDraining(): void
  /** Ends everything. The owner of the hub closes it before, so that readers get `bye`. Idempotent. */
  close(): Promise<void>
  /** Applies the settings as they are now, and ends streams whose token is no longer valid. Throws when they are unusable. */
  reload(): void
}

export function createHttpServer(parts: HttpParts): HttpServer {
  const { clock, connections, log, hub, observer = {}, plugins = [] } = parts
  let draining = false
  let lag: LagMonitor | null = null
  /** The address that most can reach, once the ports are open. */
  let boundTo: string | null = null
  const access = new Access({
    config: parts.config,
    clock,
    connections,
    draining: () => draining,
    shedding: () => lag?.refusing() ?? false,
    timers: parts.timers,
    random: parts.random,
    boundTo: () => boundTo ?? parts.config().httpHost,
  })
  const opener = new StreamOpener(access, clock)
  const shell: HttpShell = {
    openStream: (request, reply, options) => opener.open(request, reply, options),
    answerHead: (request, reply, options) => opener.answerHead(request, reply, options),
    countWrong: ({ facts }) => access.countWrong(facts),
    get draining() {
      return draining
    },
    get templates() {
      return methods.urls
    },
    get isLocal() {
      return isLocal(boundTo ?? parts.config().httpHost)
    },
  }
  const listenerOf = new WeakMap<IncomingMessage, ListenerPlan>()
  const refusals = new RefusalLog(log, clock)
  const methods = new RouteMethods<RouteRules>()
  const routes: DescribedRoute[] = []
  const description: DescriptionParts = {
    routes: () => routes,
    version: parts.version,
    publicUrl: parts.config().publicUrl,
  }

  const app = createApp()

  function createApp(): FastifyInstance {
    const fastify = Fastify({
      logger: false,
      bodyLimit: BODY_LIMIT_BYTES,
      return503OnClosing: false,
      ...withoutCompilers,
      frameworkErrors: (error, request, reply) => {
        prepare(request, reply)
        fail(request, reply, error)
      },
    })
    useZod(fastify)
    fastify.decorateRequest('facts')
    fastify.setErrorHandler((error, request, reply) => fail(request, reply, error))
    fastify.setNotFoundHandler((request, reply) => fail(request, reply, new HttpError('not_found')))
    fastify.addHook('onRoute', route => {
      const rules = route.config?.rules
      if (rules === undefined)
        throw new Error(`the route ${route.url} has no config.rules; add them (RouteRules)`)
      const { method, url, schema, config } = route
      methods.add(url, [method].flat(), rules)
      if (method !== 'HEAD') routes.push({ method, url, schema, config })
    })
    fastify.addHook('onRequest', (request, reply, done) => {
      prepare(request, reply)
      const admitted = admit(request, reply)
      if (admitted === 'answered') return
      if (admitted === undefined) done()
      else admitted.then(() => done(), done)
    })
    return fastify
  }

  let registered: Promise<void> | null = null
  function ready(): Promise<void> {
    registered ??= register()
    return registered
  }

  async function register(): Promise<void> {
    monitoringRoutes(app, shell, parts)
    ticketRoute(app, access)
    readersRoute(app, { config: () => access.config, connections })
    descriptionRoutes(app, description)
    if (hub !== null) {
      const common = { config: () => access.config, hub, panelKeys: parts.panelKeys }
      eventsRoutes(app, { ...common, shell, catchUp: parts.catchUp })
      resyncRoute(app, { ...common, onResync: observer.onResync })
    }
    for (const plugin of plugins) await plugin.register(app, shell)
    if (parts.second !== undefined) await registerSecond(parts.second)
    await app.ready()
  }

  async function registerSecond({
    path,
    hub: its,
    catchUp,
    health,
    plugins: own,
  }: SecondBoard): Promise<void> {
    const common = {
      config: () => access.config,
      hub: its,
      panelKeys: () => new Set(its.board?.panels.keys()),
      catchUp,
      shell,
      onResync: undefined,
    }
    await app.register(
      async scope => {
        eventsRoutes(scope, common)
        resyncRoute(scope, common)
        ticketRoute(scope, access)
        healthRoute(scope, health)
        for (const plugin of own) await plugin.register(scope, shell)
      },
      { prefix: path },
    )
  }

  /** Guards 1 and 2, and the headers of every answer. */
  function prepare(request: FastifyRequest, reply: FastifyReply): void {
    request.facts = access.identify(request.raw)
    void reply.headers({
      ...DOCUMENT_HEADERS,
      ...commonHeaders(request.raw, request.facts.requestId, access.config),
    })
  }

  /** Throws the refusal; a promise when a guard must wait for an answer. */
  function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> | 'answered' | undefined {
    const { raw, facts } = request
    if (requestLineBytes(raw) > MAX_REQUEST_LINE_BYTES) throw new HttpError('request_line_too_long')
    // The rules of the route that will run; only where the router found none, look at the path alone.
    const found = request.is404 ? methods.find(raw.url ?? '') : null
    const rules = found?.rules ?? request.routeOptions.config.rules
    const isHere = rules !== undefined && listenerOf.get(raw)?.surfaces.includes(rules.surface)
    if (!isHere) throw new HttpError('not_found')
    const isStream = rules.access === 'stream' || rules.surface === 'stream'
    if (isStream && access.config.sseHttp === false) throw new HttpError('stream_disabled')
    if (found !== null) {
      const allow = { Allow: found.methods.join(', ') }
      if (raw.method !== 'OPTIONS') throw new HttpError('method_not_allowed', undefined, allow)
      access.checkHost(raw, rules)
      const { sseAllowOrigin, sseRequestIdHeader } = access.config
      const cors = preflightHeaders(raw.headers.origin, sseAllowOrigin, found.methods, sseRequestIdHeader, {
        path: raw.url ?? '/',
        headers: raw.headers['access-control-request-headers'] ?? '',
      })
      void reply
        .code(204)
        .headers({ ...allow, ...cors })
        .send()
      return 'answered'
    }
    return access.check(raw, facts, rules, request.query as StreamTarget)
  }

  function fail(request: FastifyRequest, reply: FastifyReply, thrown: unknown): void {
    const error = asHttpError(thrown)
    const route = request.routeOptions.url ?? methods.find(request.raw.url ?? '')?.url ?? 'none'
    const { requestId, address } = request.facts
    if (error instanceof Refusal) {
      if (error instanceof GuardRefusal) observer.onRejected?.(error.guard)
      if (error.code === 'too_many_streams') logPlaces()
      const operation = request.routeOptions.config.rules?.onRefusal?.(error, request) ?? null
      const recorded = operation === null ? {} : { operation }
      refusals.write({ guard: error.guard, code: error.code, ...recorded, address, requestId, route })
    } else if (error.code === 'internal') {
      log.error({ err: thrown, requestId, address, route }, 'request failed')
    }
    sendProblem(request, reply, error, request.routeOptions.config.rules?.errorMembers)
  }

  let placesLoggedMs = Number.NEGATIVE_INFINITY
  /** Who holds the places, when one more reader finds none. */
  function logPlaces(): void {
    if (clock.monotonicMs() - placesLoggedMs < PLACES_EVERY_MS) return
    placesLoggedMs = clock.monotonicMs()
    const { streams } = connections
    const addresses = connections.busiest(MOST_ADDRESSES)
    log.warn({ streams, addresses }, 'all streams are taken; g6 readers shows by whom')
  }

  const listeners = new Listeners({
    onRequest: (request, response, listener) => {
      listenerOf.set(request, listener)
      if (isRoutable(request)) {
        app.routing(request, response)
        return
      }
      const { status, headers, body } = plainProblem('bad_request', access.config.sseRequestIdHeader)
      response.writeHead(status, headers).end(body)
    },
    requestIdHeader: () => access.config.sseRequestIdHeader,
    onFault: acceptFailed,
    onClosed: (why, socket) => {
      observer.onRejected?.('connection')
      refusals.write({ guard: 'connection', code: why, address: access.addressOf(socket).address })
    },
    addressOf: socket => access.addressOf(socket),
    limits: parts.timeLimits,
  })

  let acceptFaultLoggedMs = Number.NEGATIVE_INFINITY
  function acceptFailed({ code }: NodeJS.ErrnoException, listener: ListenerPlan): void {
    if (clock.monotonicMs() - acceptFaultLoggedMs < ACCEPT_FAULT_EVERY_MS) return
    acceptFaultLoggedMs = clock.monotonicMs()
    log.error({ code, listener: listener.name }, 'a connection could not be accepted; the port stays open')
  }

  /** Throws when other machines would reach what is bound there without a token. */
  function judge(httpHost: string, name?: string): void {
    const bind = judgeBind({ ...access.config, httpHost }, name)
    if (bind.kind === 'refused') throw new Error(bind.text)
    if (bind.kind === 'warning') log.warn(bind.text)
  }

  const server: HttpServer = {
    describe: async () => {
      await ready()
      return openApiOf(description)
    },
    listen: async () => {
      const { httpHost, httpSocketMode } = access.config
      if (parts.listeners.some(({ fds }) => fds === undefined)) judge(httpHost)
      await ready()
      const open = await listeners.open(httpHost, parts.listeners, Number.parseInt(httpSocketMode, 8))
      try {
        for (const { host, url, inherited } of open) if (inherited) judge(host, `the inherited socket ${url}`)
      } catch (error) {
        await listeners.close()
        throw error
      }
      const hosts = open.map(({ host }) => host)
      boundTo = hosts.find(host => !isLocal(host)) ?? hosts[0] ?? httpHost
      lag = watchLag({
        limitMs: () => access.config.shedLagMs,
        shed: () => connections.shed(SHED_PART),
        clock,
        gauge: parts.lagGauge ?? new LoopLag({ clock }),
      })
      return open
    },
    startDraining: () => {
      draining = true
    },
    close: async () => {
      draining = true
      lag?.stop()
      lag = null
      await Promise.all([listeners.close(), opener.close()])
      await app.close()
    },
    reload: () => {
      access.reload()
      const isOut = (owner: string | null): boolean => !access.stillValid(owner)
      connections.dismiss(isOut, 'auth_expired')
      for (const plugin of plugins) plugin.dismiss?.(isOut)
    },
  }
  return server
}

/**
 * False for: `OPTIONS *` and other targets that name no resource; `PRI`, which node parses and no router knows; HTTP/1.1 without
 * a Host header; two Host headers, of which node shows the first and a proxy may have read the other (RFC 9112 3.2).
 */
function isRoutable({ url = '', method = '', rawHeaders, httpVersion }: IncomingMessage): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (/^host$/i.test(rawHeaders[i] ?? '')) hosts++
  const isNamed = hosts === 1 || (hosts === 0 && httpVersion < '1.1')
  return isNamed && ROUTED_METHODS.has(method) && /^(\/|https?:\/\/)/i.test(url)
}

function requestLineBytes(request: IncomingMessage): number {
  const { method = '', url = '', httpVersion } = request
  return Buffer.byteLength(`${method} ${url} HTTP/${httpVersion}`)
}
