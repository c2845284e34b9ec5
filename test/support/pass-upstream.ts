// A backend of the pass-through routes that sends the bytes a test wants, when it wants, and a client that keeps what it read.
import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type PassCall = {
  readonly request: IncomingMessage
  readonly body: Buffer
  readonly response: ServerResponse
  /** Opens an event stream. */
  stream(headers?: Readonly<Record<string, string>>): PassCall
  say(text: string): PassCall
  /** The relay has closed the connection. */
  readonly closed: Promise<void>
}

export type PassUpstream = {
  readonly url: string
  readonly asked: () => number
  /** The next request that was not taken yet. */
  next(): Promise<PassCall>
  close(): Promise<void>
}

export async function startPassUpstream(): Promise<PassUpstream> {
  const calls: PassCall[] = []
  const waiting: ((call: PassCall) => void)[] = []
  let asked = 0
  const server = createServer(async (request, response) => {
    asked++
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const call: PassCall = {
      request,
      body: Buffer.concat(pieces),
      response,
      stream: headers => {
        response.writeHead(200, { 'content-type': 'text/event-stream', ...headers }).flushHeaders()
        return call
      },
      say: text => {
        response.write(text)
        return call
      },
      closed: new Promise(resolve => void response.once('close', () => resolve())),
    }
    const taker = waiting.shift()
    if (taker === undefined) calls.push(call)
    else taker(call)
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    next: () => {
      const call = calls.shift()
      return call === undefined ? new Promise(resolve => waiting.push(resolve)) : Promise.resolve(call)
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** One request, and what came back of it. */
export class PassClient {
  status = 0
  headers: http.IncomingHttpHeaders = {}
  text = ''
  /** Null: open; `ended`: in order; `broken`: not. */
  end: 'ended' | 'broken' | null = null
  readonly #request: http.ClientRequest
  #response: IncomingMessage | null = null
  readonly #waiting: (() => void)[] = []

  constructor(
    url: string,
    options: {
      readonly method?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Buffer | object
    } = {},
  ) {
    const { method = options.body === undefined ? 'GET' : 'POST', headers = {}, body } = options
    const sent =
      body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const type = sent === undefined ? {} : { 'content-type': 'application/json' }
    this.#request = http.request(url, { method, headers: { ...type, ...headers }, agent: false })
    this.#request.on('response', response => {
      this.#response = response
      this.status = response.statusCode ?? 0
      this.headers = response.headers
      response.on('data', (bytes: Buffer) => {
        this.text += bytes.toString('latin1')
        this.#wake()
      })
      response.on('error', () => {})
      response.on('close', () => this.#over(response.complete ? 'ended' : 'broken'))
      this.#wake()
    })
    this.#request.on('error', () => this.#over('broken'))
    this.#request.end(sent)
  }

  #over(end: 'ended' | 'broken'): void {
    this.end ??= end
    this.#wake()
  }
  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
  async until(holds: (client: this) => boolean): Promise<this> {
    while (!holds(this)) {
      if (this.end !== null) throw new Error(`ended before it held: ${this.status} ${this.text.slice(-500)}`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    return this
  }
  has(text: string): Promise<this> {
    return this.until(({ text: got }) => got.includes(text))
  }
  async over(): Promise<this> {
    while (this.end === null) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return this
  }
  cut(): void {
    this.#request.destroy()
  }
  stall(): void {
    this.#response?.pause()
  }
  get streamId(): string {
    return String(this.headers['x-stream-id'])
  }
  get json(): Record<string, never> & { readonly error: Record<string, string> } {
    return JSON.parse(this.text) as never
  }
}
