// Requests as light as possible, so that the work of a client does not hide the server's.
import http from 'node:http'
import { connect, type OnReadOpts, type Socket } from 'node:net'

/** One request on a bare socket; the caller reads the answer, or leaves it unread. With a body, which is JSON, it is a POST. */
export function send(
  url: string,
  headers: readonly string[] = [],
  { body = null, ...more }: { readonly onread?: OnReadOpts; readonly body?: string | null } = {},
): Socket {
  const { hostname, port, pathname, search } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, ...more })
  const [method, ofBody] =
    body === null
      ? ['GET', []]
      : ['POST', ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]]
  const head = [`${method} ${pathname}${search} HTTP/1.1`, 'Host: localhost', ...headers, ...ofBody]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`)
  return socket
}

/** One connection, kept alive. */
export const keptAlive = () => new http.Agent({ keepAlive: true, maxSockets: 1 })

/** How long a request takes, ms; rejects unless it is answered with 200. */
export function timedGet(url: string, agent: http.Agent): Promise<number> {
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent }, response => {
      response.resume()
      response.once('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startMs)
        else reject(new Error(`${request.path} answered ${response.statusCode}`))
      })
    })
    request.once('error', reject)
  })
}

/** Reads the metrics of a server once, over a connection of its own; a busy server may take its time to accept it. */
export async function metricsOf(url: string): Promise<(name: string) => number> {
  const text = await new Promise<string>((resolve, reject) => {
    const request = http.get(`${url}/metrics`, { agent: false }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        body += piece
      })
      response.once('end', () => resolve(body)).once('error', reject)
    })
    request.once('error', reject)
  })
  return name => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

export async function residentBytes(url: string): Promise<number> {
  return (await metricsOf(url))('process_resident_memory_bytes')
}
