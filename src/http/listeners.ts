// The ports: one node:http server each, with one set of routes for all. Owns the servers, and bounds the connections that are no
// streams: their number, the unanswered requests of each, and the unread answers of all.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { unixPathOf } from '../config/unix-path.js'
import { markUnixPeer } from '../guards/address.js'
import { Slots } from '../guards/slots.js'
import type { ListenerPlan } from './listen-plan.js'
import { answerBroken, TooManyHeaderLines } from './problem-answer.js'
import { RequestTurns } from './request-turns.js'
import { deleteStaleSocket, listenOnPath, SocketPathError } from './unix-socket.js'
import { UnreadAnswers } from './unread-answers.js'

/** How long a client may take. */
export type TimeLimits = {
  /** A request's head, counted from the connection's start, so a socket that never sends a request is closed too. */
  readonly headMs: number
  /** The whole request, its body included. */
  readonly requestMs: number
  /** The next request on a connection that was answered. */
  readonly nextRequestMs: number
  /** A connection on which nothing moves, neither request nor answer. */
  readonly inactiveMs: number
  /** Reading an answer, plus a time that grows with its size. */
  readonly answerMs: number
  /** How often the first two are checked. */
  readonly checkEveryMs: number
}

export const TIME_LIMITS: TimeLimits = {
  headMs: 10_000,
  requestMs: 30_000,
  // Newer Node versions wait a second longer than this; an idle connection may stay at most 5 s.
  nextRequestMs: 4_000,
  inactiveMs: 30_000,
  answerMs: 30_000,
  checkEveryMs: 1_000,
}

const MAX_HEADER_BYTES = 16 * 1024
/** Short lines take ten times their bytes once they are parsed. */
const MAX_HEADER_LINES = 100
/**
 * Connections that are no stream (streams have left node:http and have a limit of their own): on all ports together, and of one
 * address unless many clients share it.
 */
export const MAX_CONNECTIONS = { inAll: 4_096, perAddress: 256 }
/** A connection that carried nothing for so long is asked by TCP whether its peer is there; ten questions, a second apart. */
const KEEPALIVE_AFTER_MS = 30_000
/** How long unfinished answers may take when the server closes. */
const CLOSE_GRACE_MS = 500

export type Listening = {
  readonly name: string
  /** `http://…`, or `unix:` and a path. */
  readonly url: string
  /** The address it is bound to, or `unix:` and a path. */
  readonly host: string
  /** It was open before the program started. */
  readonly inherited: boolean
}

/** Where listeners without inherited sockets listen: an address or name, or `unix:` and a path, which gets the mode. */
type Place = { readonly host: string; readonly socketMode: number }

const DEFAULT_SOCKET_MODE = 0o660

/** A port could not be opened; the message names the port and the setting that chose it. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

function fdError(error: NodeJS.ErrnoException, fd: number): ListenError {
  const kinds = 'allowed: stream sockets that listen, without Accept=yes'
  const text = `cannot listen on the inherited socket ${fd} (LISTEN_FDS): ${error.code ?? 'error'}; ${kinds}`
  return new ListenError(text, { cause: error })
}

function pathError(error: NodeJS.ErrnoException, host: string): ListenError {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another server listens there',
    EACCES: 'this user may not write the folder',
    EROFS: 'the folder is read-only',
  }
  const text =
    error instanceof SocketPathError ? error.message : (why[error.code ?? ''] ?? error.code ?? 'error')
  return new ListenError(`cannot listen on ${host}: ${text} (G6_HTTP_HOST)`, { cause: error })
}

function portError(error: NodeJS.ErrnoException, host: string, plan: ListenerPlan): ListenError {
  const where = `cannot listen on ${hostInUrl(host)}:${plan.port}`
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use (${plan.setting})`,
    EACCES: `this user may not open the port (${plan.setting})`,
    EADDRNOTAVAIL: `the address is not one of this machine (G6_HTTP_HOST)`,
    ENOTFOUND: `the host name is not known (G6_HTTP_HOST)`,
    EAI_AGAIN: `the host name cannot be looked up (G6_HTTP_HOST)`,
  }
  const text = why[error.code ?? ''] ?? `${error.code ?? 'error'} (${plan.setting}, G6_HTTP_HOST)`
  return new ListenError(`${where}: ${text}`, { cause: error })
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Opens one socket of a listener. */
async function listenAt(server: Server, plan: ListenerPlan, where: Place | number): Promise<Listening> {
  const { name } = plan
  if (typeof where === 'number') {
    await started(server, () => server.listen({ fd: where })).catch(error => {
      throw fdError(error, where)
    })
    const address = server.address()
    // Node does not know the path of a unix socket that it did not open itself.
    if (typeof address !== 'object' || address === null) {
      const host = `unix:fd ${where}`
      return { name, url: host, host, inherited: true }
    }
    const url = `http://${hostInUrl(address.address)}:${address.port}`
    return { name, url, host: address.address, inherited: true }
  }
  const { host, socketMode } = where
  const path = unixPathOf(host)
  if (path !== null) {
    try {
      await deleteStaleSocket(path)
      await started(server, () => listenOnPath(server, path, socketMode))
    } catch (error) {
      throw pathError(error as NodeJS.ErrnoException, host)
    }
    return { name, url: host, host, inherited: false }
  }
  await started(server, () => server.listen({ host, port: plan.port })).catch(error => {
    throw portError(error, host, plan)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : plan.port
  return { name, url: `http://${hostInUrl(host)}:${port}`, host, inherited: false }
}

/** Resolves when the server listens. */
function started(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    listen()
  })
}

/** Why a connection was closed before its client was done. */
export type Closed = 'too_many_connections' | 'too_many_unanswered' | 'answer_unread'

export type ListenersParts = {
  onRequest(request: IncomingMessage, response: ServerResponse, listener: ListenerPlan): void
  readonly requestIdHeader: () => string
  /** A port that is open could not take a connection: no descriptor was left, for instance. It stays open. */
  onFault(error: NodeJS.ErrnoException, listener: ListenerPlan): void
  onClosed(why: Closed, socket: Socket): void
  /** What connections of an address are counted by; `isShared`: many clients share it (a proxy, this machine). */
  addressOf(socket: Socket): { readonly key: string; readonly isShared: boolean }
  readonly limits?: TimeLimits | undefined
  readonly maxConnections?: typeof MAX_CONNECTIONS
}

type HttpConnection = { readonly turns: RequestTurns; readonly address: string }

export class Listeners {
  readonly #parts: ListenersParts
  readonly #limits: TimeLimits
  readonly #servers: Server[] = []
  readonly #slots = new Slots()
  readonly #unread: UnreadAnswers
  readonly #connections = new WeakMap<Duplex, HttpConnection>()

  constructor(parts: ListenersParts) {
    this.#parts = parts
    this.#limits = parts.limits ?? TIME_LIMITS
    this.#unread = new UnreadAnswers(this.#limits.answerMs, socket => parts.onClosed('answer_unread', socket))
  }

  /** All or none. */
  async open(
    host: string,
    plans: readonly ListenerPlan[],
    socketMode = DEFAULT_SOCKET_MODE,
  ): Promise<readonly Listening[]> {
    try {
      const open: Listening[] = []
      for (const plan of plans) {
        if (plan.fds === undefined) open.push(await this.#openOne(plan, { host, socketMode }))
        for (const fd of plan.fds ?? []) open.push(await this.#openOne(plan, fd))
      }
      return open
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #openOne(plan: ListenerPlan, where: Place | number): Promise<Listening> {
    const server = this.#createServer(plan)
    const listening = await listenAt(server, plan, where)
    if (unixPathOf(listening.host) !== null) server.prependListener('connection', markUnixPeer)
    server.on('error', error => this.#parts.onFault(error, plan))
    this.#servers.push(server)
    return listening
  }

  #createServer(plan: ListenerPlan): Server {
    const { headMs, requestMs, nextRequestMs, inactiveMs, checkEveryMs } = this.#limits
    const options = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headMs,
      requestTimeout: requestMs,
      keepAliveTimeout: nextRequestMs,
      connectionsCheckingInterval: checkEveryMs,
      noDelay: true,
      // A peer that is gone while nothing is sent to it. (While something is, TCP repeats it for a quarter of an hour: unread-watch.ts.)
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_AFTER_MS,
      // Node's own 400 would bypass our problem documents, so server.ts checks Host.
      requireHostHeader: false,
    }
    const { requestIdHeader } = this.#parts
    const server = createServer(options, (request, response) => this.#take(request, response, plan))
    server.timeout = inactiveMs
    server.on('connection', socket => this.#admit(socket))
    // We may ignore expectations other than 100-continue (RFC 9110 10.1.1); node's own 417 would bypass our problem documents.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response))
    // CONNECT is not supported; without a listener, Node would drop the connection without an answer.
    server.on('connect', (_, socket) => {
      socket.on('error', () => socket.destroy())
      answerBroken(
        new Error('CONNECT is not supported'),
        socket,
        this.#isAnswering(socket),
        requestIdHeader(),
      )
    })
    server.on('clientError', (fault, socket) => {
      answerBroken(fault, socket, this.#isAnswering(socket), requestIdHeader())
    })
    return server
  }

  #admit(socket: Socket): void {
    const { inAll, perAddress } = this.#parts.maxConnections ?? MAX_CONNECTIONS
    const { key, isShared } = this.#parts.addressOf(socket)
    const slot = this.#slots.take(key, { inAll, perKey: isShared ? 0 : perAddress })
    if (typeof slot === 'string') {
      socket.destroy()
      this.#parts.onClosed('too_many_connections', socket)
      return
    }
    socket.once('close', () => slot.release())
    const turns = new RequestTurns(socket, () => this.#parts.onClosed('too_many_unanswered', socket))
    this.#connections.set(socket, { turns, address: key })
  }

  #take(request: IncomingMessage, response: ServerResponse, plan: ListenerPlan): void {
    const { socket } = request
    const connection = this.#connections.get(socket)
    if (request.rawHeaders.length > 2 * MAX_HEADER_LINES) {
      answerBroken(new TooManyHeaderLines(), socket, this.#isAnswering(socket), this.#parts.requestIdHeader())
      return
    }
    connection?.turns.take(request, response, () => {
      response.once('prefinish', () => this.#unread.add(socket, connection.address))
      response.once('close', () => this.#unread.remove(socket))
      this.#parts.onRequest(request, response, plan)
    })
  }

  #isAnswering(socket: Duplex): boolean {
    return this.#connections.get(socket)?.turns.isAnswering === true
  }

  /** Accepts no new connections, gives unfinished answers a moment, then ends the rest. Idempotent. */
  async close(graceMs: number = CLOSE_GRACE_MS): Promise<void> {
    const servers = this.#servers.splice(0)
    const closed = servers.map(server => new Promise<void>(resolve => server.close(() => resolve())))
    for (const server of servers) server.closeIdleConnections()
    const force = setTimeout(() => {
      for (const server of servers) server.closeAllConnections()
    }, graceMs)
    await Promise.all(closed)
    clearTimeout(force)
  }
}
