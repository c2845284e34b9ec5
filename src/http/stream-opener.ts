// Turns a request into a stream: checks the limit, sends the head, and takes the connection out of node:http. Owns the
// socket of every stream until it closes.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.js'
import { type LeftHttp, leaveHttp } from '../connection/leave-http.js'
import { SocketTransport } from '../connection/socket-transport.js'
import type { Wire } from '../connection/transport.js'
import { acceptsGzip } from '../contract/negotiation.js'
import type { OpenStream, StreamOptions } from '../contract/plugin.js'
import { shownUserAgent } from '../guards/user-agent.js'
import type { Access } from './access.js'
import { commonHeaders, STREAM_HEADERS, streamHead } from './answer-headers.js'

/**
 * Sends head and first events at the end of this turn, then makes http forget the request. A function of its own: closures of
 * one function share their variables, so the one that waits for the end of the stream would keep the request in memory.
 */
function sendSoon(socket: Socket, left: LeftHttp | null, request: IncomingMessage): void {
  process.nextTick(() => {
    socket.uncork()
    if (left === null) return
    left.release()
    // Destroyed now, it ends without an error; else http makes one later, with a stack trace.
    request.destroy()
  })
}

export class StreamOpener {
  readonly #sockets = new Set<Socket>()

  constructor(
    readonly access: Access,
    readonly clock: Clock,
  ) {}

  /** The wire this request gets, and the headers of its 200. */
  #describe(
    request: FastifyRequest,
    options: StreamOptions,
  ): { readonly wire: Wire; readonly headers: Readonly<Record<string, string>> } {
    const acceptsIt = acceptsGzip(request.raw.headers['accept-encoding'])
    const isGzip = options.gzip && acceptsIt
    const isOld = request.raw.httpVersionMajor < 1 || request.raw.httpVersion === '1.0'
    const wire: Wire = { encoding: isGzip ? 'gzip' : 'plain', framing: isOld ? 'raw' : 'chunked' }
    const headers = {
      ...STREAM_HEADERS,
      ...commonHeaders(request.raw, request.facts.requestId, this.access.config),
      ...options.headers,
      // A proxy that compresses without regard to no-transform (Caddy 2.6) holds events back; it leaves what is encoded already.
      ...(acceptsIt ? { 'Content-Encoding': isGzip ? 'gzip' : 'identity' } : {}),
      ...(isOld ? {} : { 'Transfer-Encoding': 'chunked' }),
      // The connection carries nothing after the stream. `Connection: close` must not say so: with it clients (undici) take
      // a connection that breaks for the orderly end of the body.
      ...(isOld ? { Connection: 'close' } : { 'Keep-Alive': 'timeout=0' }),
    }
    return { wire, headers }
  }

  /** See HttpShell.answerHead. */
  answerHead(request: FastifyRequest, reply: FastifyReply, options: StreamOptions): void {
    const { 'Transfer-Encoding': _, ...headers } = this.#describe(request, options).headers
    reply.hijack()
    reply.raw.writeHead(200, headers).end()
  }

  /** See HttpShell.openStream. */
  open(request: FastifyRequest, reply: FastifyReply, options: StreamOptions): OpenStream | null {
    const old = request.raw.socket
    if (old.destroyed) {
      reply.hijack()
      return null
    }
    const { wire, headers } = this.#describe(request, options)
    if (options.counted) this.access.checkLimit(request.facts)
    const head = streamHead({ ...headers, Date: new Date(this.clock.nowMs()).toUTCString() })
    reply.hijack()
    const farPort = old.remotePort ?? null
    // The client waits for the first bytes, so they go before the connection moves out of http, which takes longer than the write.
    const first = options.begin?.(wire)
    if (first !== undefined) old.write(Buffer.concat([head, first]))
    const left = leaveHttp(old)
    const socket = left?.socket ?? old
    socket.setNoDelay(true)
    this.#hold(socket)
    // The first events go with the head: one write, one packet.
    socket.cork()
    if (first === undefined) socket.write(head)
    sendSoon(socket, left, request.raw)
    return {
      transport: new SocketTransport(socket, left !== null, farPort),
      wire,
      addressKey: request.facts.addressKey,
      client: {
        address: request.facts.address,
        userAgent: shownUserAgent(request.raw.headers['user-agent']),
      },
      ...(request.facts.ticketId === null ? {} : { ticketId: request.facts.ticketId }),
    }
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket)
    // A reset or a failed write: `close` follows.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => void this.#sockets.delete(socket))
  }

  /** Destroys the sockets that are left; their hubs had the chance to end them in order. */
  async close(): Promise<void> {
    const closing = [...this.#sockets].map(
      socket => new Promise<void>(resolve => void socket.once('close', () => resolve()).destroy()),
    )
    await Promise.all(closing)
  }
}
