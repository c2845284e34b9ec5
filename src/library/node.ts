// The hub behind node:http and node:http2, and so behind Express and Fastify.
//
// The connection stays with the host's server, which sees it open and close like any other; only the bytes of events go
// straight to the socket, framed once for all clients.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { SocketTransport } from '../connection/socket-transport.js'
import type { Answers, Reply } from './answer.js'
import type { HubRequest } from './options.js'

export type NodeRequest = IncomingMessage | Http2ServerRequest
export type NodeResponse = ServerResponse | Http2ServerResponse

/** Express cuts the prefix off `url` and keeps the whole in `originalUrl`. */
export function targetOf(request: NodeRequest): string {
  const whole = 'originalUrl' in request ? request.originalUrl : undefined
  return typeof whole === 'string' ? whole : (request.url ?? '/')
}

function requestOf(raw: NodeRequest): HubRequest {
  const header = (name: string) => [raw.headers[name]].flat()[0]
  return { method: raw.method ?? 'GET', url: targetOf(raw), header, raw }
}

function begin(response: NodeResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

function replyTo(request: NodeRequest, response: NodeResponse): Reply {
  return {
    document(status, headers, body) {
      // The head of a stream is out already, so the client can only be cut off.
      if (response.headersSent) {
        request.destroy()
        return
      }
      begin(response, status, headers)
      if (body !== null) response.setHeader('Content-Length', body.length)
      response.end(body ?? '')
    },
    stream(headers, encoding) {
      if ('stream' in response) {
        const { stream } = response
        if (stream.destroyed) return null
        response.writeHead(200, headers)
        return { transport: new SocketTransport(stream, false, null), wire: { encoding, framing: 'raw' } }
      }
      const { socket } = response
      // No socket: the client sent this request before the answer to its last one has ended. A stream has no end.
      if (socket === null || socket.destroyed) {
        request.destroy()
        return null
      }
      const isOld = request.httpVersion === '1.0'
      const framing = isOld ? 'raw' : 'chunked'
      // As http/stream-opener.ts: `Connection: close` would make a cut look like an end.
      const carriesNothingAfter = isOld
        ? { Connection: 'close' }
        : { Connection: 'keep-alive', 'Keep-Alive': 'timeout=0' }
      begin(response, 200, { ...headers, ...carriesNothingAfter })
      if (!isOld) response.setHeader('Transfer-Encoding', 'chunked')
      // Head and first events in one packet.
      socket.setNoDelay(true)
      socket.cork()
      process.nextTick(() => socket.uncork())
      response.flushHeaders()
      return {
        transport: new SocketTransport(socket, false, socket.remotePort ?? null),
        wire: { encoding, framing },
      }
    },
  }
}

export function answerNode(answers: Answers, request: NodeRequest, response: NodeResponse): Promise<void> {
  return answers.answer(requestOf(request), replyTo(request, response))
}
