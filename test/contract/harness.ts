// What a contract test harness has: streams that a client opens, and what the service around the client reports of them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Report, StreamRequest } from './typescript/service.js'

/** A list whose next item can be awaited before it is there. */
class Inbox<T> {
  readonly #items: T[] = []
  readonly #waiting: ((item: T) => void)[] = []

  put(item: T): void {
    const first = this.#waiting.shift()
    if (first) first(item)
    else this.#items.push(item)
  }

  next(): Promise<T> {
    const [item] = this.#items.splice(0, 1)
    return item === undefined ? new Promise(resolve => this.#waiting.push(resolve)) : Promise.resolve(item)
  }
}

export type Opened = {
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Sends pieces, each by itself. */
  send(...pieces: readonly (string | Uint8Array)[]): Promise<void>
  cut(): void
}

export type Client = {
  /** The next connection to the stream. */
  opened(): Promise<Opened>
  report(): Promise<Report>
  restart(): Promise<void>
}

/** Answers instead of a stream. */
export type Instead = (response: ServerResponse) => void

export type Harness = {
  /** The address of a new stream, which answers as `instead` says, or opens. */
  stream(instead?: Instead): string
  /** Asks the service for a client of a stream of its own, or of the one at `streamUrl`. */
  client(options?: Partial<StreamRequest>): Promise<Client>
  /** How many requests the stream at this address has had. */
  asked(url: string): number
  close(): Promise<void>
}

type Stream = { readonly instead: Instead | undefined; readonly connections: Inbox<Opened>; asked: number }

/** Drives the service at `service`. */
export async function startHarness(service: string): Promise<Harness> {
  const streams: Stream[] = []
  const callbacks: Inbox<Report>[] = []
  const made: string[] = []

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const [, kind, n = '', count] = request.url?.split('/') ?? []
    if (kind === 'callback' && count !== undefined) {
      // The service sends the next report when this one is answered.
      callbacks[Number(n)]?.put(JSON.parse(body) as Report)
      response.writeHead(202).end()
      return
    }
    const stream = streams[Number(n)]
    if (stream === undefined) throw new Error(`no stream ${n}`)
    stream.asked++
    if (stream.instead) {
      stream.instead(response)
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    response.flushHeaders()
    const { method = '', headers } = request
    stream.connections.put({
      method,
      headers,
      body,
      send: async (...pieces) => {
        for (const piece of pieces) {
          response.write(piece)
          await new Promise(resolve => setImmediate(resolve))
        }
      },
      cut: () => response.destroy(),
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const harness: Harness = {
    stream: instead => {
      streams.push({ instead, connections: new Inbox(), asked: 0 })
      return `${base}/stream/${streams.length - 1}`
    },
    asked: url => streams[Number(url.split('/').at(-1))]?.asked ?? 0,
    client: async options => {
      const streamUrl = options?.streamUrl ?? harness.stream()
      const reports = new Inbox<Report>()
      callbacks.push(reports)
      const callbackUrl = `${base}/callback/${callbacks.length - 1}`
      const asked = JSON.stringify({ initialDelayMs: 0, ...options, streamUrl, callbackUrl })
      const answer = await fetch(service, { method: 'POST', body: asked })
      const address = new URL(answer.headers.get('location') ?? '', service).href
      made.push(address)
      return {
        opened: () => streams[Number(streamUrl.split('/').at(-1))]?.connections.next() as Promise<Opened>,
        report: () => reports.next(),
        restart: async () => {
          await fetch(address, { method: 'POST', body: '{"command":"restart"}' })
        },
      }
    },
    close: async () => {
      await Promise.all(made.map(address => fetch(address, { method: 'DELETE' })))
      server.closeAllConnections()
      server.close()
    },
  }
  return harness
}
