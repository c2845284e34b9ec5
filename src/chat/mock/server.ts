// A scripted upstream on a real socket, for tests, benchmarks and the demo: answers in any dialect, at any pace, with any of
// the faults of a backend. A question that begins with `mock:` has its own script as JSON after it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DEFAULT_SCRIPT, type MockScript, scriptedFrames, tokenFrame } from './script.js'

export type MockRequest = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: IncomingMessage['headers']
  /** Of a POST; else null. */
  readonly body: Readonly<Record<string, unknown>> | null
  readonly params: URLSearchParams
  /** Resolves when its connection has closed or its answer is sent; with that time, monotonic milliseconds. */
  readonly closed: Promise<number>
  /** The client left before the answer was sent. */
  readonly wasCancelled: () => boolean
}

export type MockUpstream = {
  readonly url: string
  /** All requests so far. */
  readonly requests: readonly MockRequest[]
  /** Answers being sent now. */
  readonly open: () => number
  /** Connections of clients. */
  readonly connections: () => Promise<number>
  close(): Promise<void>
}

export type MockOptions = {
  readonly host?: string
  readonly port?: number
  readonly script?: Partial<MockScript> | ((request: MockRequest, index: number) => Partial<MockScript>)
}

const PREFIX = 'mock:'

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | null> {
  if (request.method !== 'POST') return null
  let text = ''
  for await (const piece of request.setEncoding('utf8')) text += String(piece)
  return JSON.parse(text) as Readonly<Record<string, unknown>>
}

/** The question, in any dialect. */
function questionOf(body: Readonly<Record<string, unknown>> | null, params: URLSearchParams): string {
  if (body === null) return params.get('query') ?? ''
  if (Array.isArray(body.messages)) {
    const last = body.messages.at(-1) as { readonly content?: unknown } | undefined
    return String(last?.content ?? '')
  }
  return String(body.query ?? '')
}

function ownScript(query: string): Partial<MockScript> {
  if (!query.startsWith(PREFIX)) return {}
  try {
    return JSON.parse(query.slice(PREFIX.length)) as Partial<MockScript>
  } catch {
    return {} // an ordinary question
  }
}

/** Writes the text at once, or in small pieces, each in a turn of its own so that they arrive separately. */
async function write(response: ServerResponse, text: string, pieceBytes: number): Promise<void> {
  if (pieceBytes <= 0) {
    response.write(text)
    return
  }
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length && !response.destroyed; at += pieceBytes) {
    response.write(bytes.subarray(at, at + pieceBytes))
    await new Promise(resolve => setImmediate(resolve))
  }
}

function play(script: MockScript, response: ServerResponse): void {
  const due = scriptedFrames(script)
  const startMs = performance.now()
  let next = 0
  let timer: NodeJS.Timeout | undefined
  response.once('close', () => clearTimeout(timer))

  const finish = (): void => {
    if (script.finish === 'cut') response.destroy()
    else if (script.finish !== 'stall') response.end()
  }
  const playDue = async (): Promise<void> => {
    const nowMs = performance.now() - startMs
    let text = ''
    for (let frame = due[next]; frame !== undefined && frame.atMs <= nowMs; frame = due[next]) {
      text += frame.text ?? tokenFrame(script, String(process.hrtime.bigint()), next)
      next++
    }
    if (text !== '') await write(response, text, script.pieceBytes)
    const frame = due[next]
    if (response.destroyed) return
    if (frame === undefined) finish()
    else timer = setTimeout(() => void playDue(), Math.max(1, startMs + frame.atMs - performance.now()))
  }
  void playDue()
}

export async function startMockUpstream(options: MockOptions = {}): Promise<MockUpstream> {
  const requests: MockRequest[] = []
  const waits = new Set<NodeJS.Timeout>()
  let open = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://mock')
    const body = await bodyOf(request)
    let isCancelled = false
    const mock: MockRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: questionOf(body, url.searchParams),
      headers: request.headers,
      body,
      params: url.searchParams,
      closed: new Promise(resolve => {
        response.once('close', () => {
          open--
          isCancelled = !response.writableFinished
          resolve(performance.now())
        })
      }),
      wasCancelled: () => isCancelled,
    }
    open++
    const index = requests.push(mock) - 1
    const { script: given = {} } = options
    const chosen = typeof given === 'function' ? given(mock, index) : given
    const script: MockScript = { ...DEFAULT_SCRIPT, ...chosen, ...ownScript(mock.query) }
    const begin = (): void => {
      if (script.status !== 200) {
        const after = script.retryAfter === null ? {} : { 'retry-after': script.retryAfter }
        response.writeHead(script.status, { 'content-type': 'text/plain', ...after })
        response.end('Traceback: secret of the upstream')
        return
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
      })
      response.flushHeaders()
      play(script, response)
    }
    if (script.headMs <= 0) begin()
    else {
      const wait = setTimeout(() => {
        waits.delete(wait)
        if (!response.destroyed) begin()
      }, script.headMs)
      waits.add(wait)
      response.once('close', () => {
        clearTimeout(wait)
        waits.delete(wait)
      })
    }
  }

  const server = createServer({ noDelay: true }, (request, response) => {
    answer(request, response).catch(() => response.destroy()) // the body broke off or is not JSON: no answer
  })
  const { host = '127.0.0.1', port = 0 } = options
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${address.address.includes(':') ? `[${address.address}]` : address.address}:${address.port}`,
    requests,
    open: () => open,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
      }),
    close: async () => {
      for (const wait of waits) clearTimeout(wait)
      server.closeAllConnections()
      await new Promise<void>(resolve => void server.close(() => resolve()))
    },
  }
}
