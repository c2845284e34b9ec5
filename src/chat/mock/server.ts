// A scripted upstream on a real socket, for tests, benchmarks and the demo: answers in any wire, at any pace, with any of
// the faults of a backend. A question that begins with `mock:` has its own script as JSON after it.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dialectWire } from './dialects.js'
import { json, streamHead } from './heads.js'
import { embeddings, models } from './lists.js'
import { end, play } from './play.js'
import { ownScript, questionOf } from './question.js'
import { DEFAULT_SCRIPT, type MockScript, scriptedAnswer, scriptedFrames } from './script.js'
import { StoredResponses } from './stored.js'
import type { Answer, Wire } from './wire.js'
import { anthropic } from './wires/anthropic.js'
import { openAiChat } from './wires/openai-chat.js'
import { openAiCompletions } from './wires/openai-completions.js'
import { openAiResponses } from './wires/openai-responses.js'
import { uiMessage } from './wires/ui-message.js'

export type MockRequest = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: IncomingMessage['headers']
  /** Of a POST with one; else null. */
  readonly body: Readonly<Record<string, unknown>> | null
  /** The bytes of the body as text. */
  readonly bodyText: string
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

/** Each with its path, under whatever comes before it. */
const WIRES: readonly (readonly [path: RegExp, wire: Wire])[] = [
  [/\/chat\/completions$/, openAiChat],
  [/\/completions$/, openAiCompletions],
  [/\/responses$/, openAiResponses],
  [/\/messages$/, anthropic],
  [/\/api\/chat$/, uiMessage],
]
const RESPONSE = /\/responses\/([^/]+)(\/cancel)?$/
/** An app's own address of a running stream. */
const APP_STREAM = /\/api\/chat\/[^/]+\/stream$/
async function textOf(request: IncomingMessage): Promise<string> {
  if (request.method !== 'POST') return ''
  let text = ''
  for await (const piece of request.setEncoding('utf8')) text += String(piece)
  return text
}

export async function startMockUpstream(options: MockOptions = {}): Promise<MockUpstream> {
  const requests: MockRequest[] = []
  const waits = new Set<NodeJS.Timeout>()
  const stored = new StoredResponses()
  let open = 0

  /** Runs `work` after `ms`, unless the client leaves before. */
  function later(ms: number, response: ServerResponse, work: () => void): void {
    if (ms <= 0) {
      work()
      return
    }
    const wait = setTimeout(() => {
      waits.delete(wait)
      if (!response.destroyed) work()
    }, ms)
    waits.add(wait)
    response.once('close', () => {
      clearTimeout(wait)
      waits.delete(wait)
    })
  }

  function answerWhole(script: MockScript, wire: Wire, answer: Answer, response: ServerResponse): void {
    const { finish } = script
    const headers = { 'x-request-id': `req_${answer.id}`, ...script.headers }
    if (finish === 'error') {
      json(response, 500, wire.refusal(500, answer.error), headers)
      return
    }
    const text = JSON.stringify(wire.whole(answer))
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    const isProper = finish === 'done' || finish === 'length' || finish === 'filter'
    if (finish !== 'stall') response.write(isProper ? text : text.slice(0, Math.ceil(text.length / 2)))
    end(script, response)
  }

  function begin(mock: MockRequest, script: MockScript, response: ServerResponse): void {
    const found = WIRES.find(([path]) => path.test(mock.path))?.[1] ?? null
    const own = script.dialect === null || found !== openAiChat ? found : null
    const wire = own ?? dialectWire(script.dialect ?? 'typed', script.extras)
    const id = randomBytes(12).toString('hex')
    const answer = scriptedAnswer(script, mock.body ?? {}, id, Date.now())
    const { status, body } = script
    if (status !== 200) {
      const after = script.retryAfter === null ? {} : { 'retry-after': script.retryAfter }
      const headers = { 'x-request-id': `req_${id}`, ...after, ...script.headers }
      if (own !== null) json(response, status, own.refusal(status, answer.error), headers)
      else {
        response.writeHead(status, { 'content-type': 'text/plain', ...headers })
        response.end('Traceback: secret of the upstream')
      }
      return
    }
    if (body === 'html') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...script.headers })
      response.end('<!doctype html><title>Sign in</title><p>Sign in to go on.')
      return
    }
    const due = scriptedFrames(script, wire, answer)
    const isStreamed = wire === uiMessage || found === null || mock.body?.stream === true
    if (body === 'json' || !isStreamed) {
      later(due.at(-1)?.atMs ?? 0, response, () => answerWhole(script, wire, answer, response))
      return
    }
    response.writeHead(200, streamHead(script, id, own === uiMessage))
    response.flushHeaders()
    if (body === 'empty') {
      response.end()
      return
    }
    if (own === openAiResponses)
      stored.keep({ answer, script, due, startMs: performance.now(), response, isCancelled: false })
    play(script, due, response)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://mock')
    const bodyText = await textOf(request)
    const body = bodyText === '' ? null : (JSON.parse(bodyText) as Readonly<Record<string, unknown>>)
    let isCancelled = false
    const mock: MockRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: questionOf(body, url.searchParams),
      headers: request.headers,
      body,
      bodyText,
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
    later(script.headMs, response, () => {
      const { path, method } = mock
      const keptResponse = RESPONSE.exec(path)
      if (keptResponse !== null) {
        const [, responseId = '', cancel] = keptResponse
        if (cancel === undefined) stored.get(responseId, mock.params, response)
        else stored.cancel(responseId, response)
      } else if (APP_STREAM.test(path)) response.writeHead(204).end()
      else if (script.status === 200 && method === 'GET' && path.endsWith('/models'))
        json(response, 200, models('anthropic-version' in mock.headers))
      else if (script.status === 200 && path.endsWith('/embeddings'))
        json(response, 200, embeddings(body ?? {}))
      else begin(mock, script, response)
    })
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
