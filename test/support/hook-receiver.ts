// A receiver of webhooks over a real socket, whose answers a test chooses.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { listening } from './listening.js'

export type Received = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }

/** `hang`: the request is read and never answered. */
export type Answer = { readonly status: number; readonly headers?: Record<string, string> } | 'hang'

export type HookReceiver = {
  readonly url: string
  readonly port: number
  /** All requests, also those that were refused. */
  readonly received: Received[]
  answer: (received: Received) => Answer
  /** Resolves with the first `count` requests that match. */
  got(count: number, matches?: (received: Received) => boolean): Promise<readonly Received[]>
  close(): Promise<void>
}

export async function hookReceiver(port = 0): Promise<HookReceiver> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', piece => {
      body += String(piece)
    })
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body }
      received.push(one)
      const answer = receiver.answer(one)
      if (answer !== 'hang') response.writeHead(answer.status, answer.headers).end('ok')
      for (const look of waiting) look()
    })
  })
  const open = await listening(server, port)
  const receiver: HookReceiver = {
    url: `http://127.0.0.1:${open}`,
    port: open,
    received,
    answer: () => ({ status: 200 }),
    got: (count, matches = () => true) =>
      new Promise(resolve => {
        const look = (): void => {
          const found = received.filter(matches)
          if (found.length < count) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return receiver
}
