// The service that a contract test harness for event-stream clients drives: it makes streams with the published client and
// reports what they receive. ../README.md says how to run it.
//
//     POST /              makes a stream; `Location` is its address
//     POST /streams/N     a command for it: `restart`
//     DELETE /streams/N   ends it
//     DELETE /            ends the service
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { createEventStream, type EventStream } from '../../../client/event-stream.js'

export const CAPABILITIES = [
  'bom',
  'comments',
  'headers',
  'last-event-id',
  'post',
  'read-timeout',
  'report',
  'restart',
  'server-directed-shutdown-request',
]

/** What the harness asks for with `POST /`. */
export type StreamRequest = {
  readonly streamUrl: string
  readonly callbackUrl: string
  readonly initialDelayMs?: number
  readonly readTimeoutMs?: number
  readonly lastEventId?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly body?: string
}

/** What the service tells the harness, numbered, at `callbackUrl`/1, /2, … */
export type Report =
  | {
      readonly kind: 'event'
      readonly event: { readonly type: string; readonly data: string; readonly id: string }
    }
  | { readonly kind: 'comment'; readonly comment: string }
  | { readonly kind: 'error'; readonly error: string }

const MAX_BODY_LENGTH = 1024 * 1024

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > MAX_BODY_LENGTH) throw new Error('the request is too large')
  }
  return JSON.parse(text)
}

function isStreamRequest(value: unknown): value is StreamRequest {
  const { streamUrl, callbackUrl } = Object(value)
  return typeof streamUrl === 'string' && typeof callbackUrl === 'string'
}

/** Follows one stream and reports in order. */
function follow({ streamUrl, callbackUrl, ...options }: StreamRequest): EventStream {
  let sent = Promise.resolve()
  let count = 0
  const report = (what: Report): void => {
    count++
    const address = `${callbackUrl}/${count}`
    sent = sent
      .then(() => fetch(address, { method: 'POST', body: JSON.stringify(what) }))
      .then(answer => answer.body?.cancel())
      .catch(() => {}) // the harness has ended this test
  }
  const stream = createEventStream(streamUrl, {
    ...options,
    onComment: comment => report({ kind: 'comment', comment }),
    onError: ({ message }) => report({ kind: 'error', error: message }),
  })
  const read = async (): Promise<void> => {
    for await (const { event: type, data, id } of stream) report({ kind: 'event', event: { type, data, id } })
  }
  void read()
  return stream
}

/** Starts the service; `port` 0: any free one. */
export async function startService(port = 0): Promise<{ readonly url: string; close(): void }> {
  const streams = new Map<string, EventStream>()
  let count = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/' } = request
    const stream = streams.get(url)
    const asked = `${method} ${url === '/' ? '/' : stream === undefined ? '?' : 'stream'}`
    if (asked === 'GET /') response.end(JSON.stringify({ capabilities: CAPABILITIES }))
    else if (asked === 'DELETE /') response.end(close)
    else if (asked === 'POST /') {
      const given = await bodyOf(request)
      if (!isStreamRequest(given)) return void response.writeHead(400).end()
      count++
      const address = `/streams/${count}`
      streams.set(address, follow(given))
      response.writeHead(201, { Location: address }).end()
    } else if (asked === 'POST stream') {
      const { command } = Object(await bodyOf(request))
      if (command === 'restart') stream?.restart()
      response.writeHead(command === 'restart' ? 202 : 400).end()
    } else if (asked === 'DELETE stream') {
      stream?.close()
      streams.delete(url)
      response.writeHead(204).end()
    } else response.writeHead(404).end()
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(400).end())
  })
  function close(): void {
    for (const stream of streams.values()) stream.close()
    server.close()
    server.closeAllConnections()
  }
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

const [, program = '', port = '8000'] = process.argv
if (import.meta.url === pathToFileURL(program).href) {
  const { url } = await startService(Number(port))
  process.stdout.write(`${url}\n`)
}
