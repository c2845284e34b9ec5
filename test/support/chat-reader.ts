// A client of the relay that reads like a browser, and keeps everything it received.
import http from 'node:http'
import { createSseParser } from '../../src/sse/parse.js'

export type ChatEvent = {
  readonly name: string
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly sequence: number | undefined
  readonly timestamp: number
}

const TERMINAL = new Set(['done', 'error', 'aborted'])

/** One request and its result. */
export class ChatReader {
  readonly events: ChatEvent[] = []
  readonly comments: string[] = []
  retryMs: number | null = null
  text = ''
  status = 0
  headers: http.IncomingHttpHeaders = {}
  isOver = false
  /** The body ended in order. */
  isComplete = false
  readonly #request: http.ClientRequest
  #response: http.IncomingMessage | null = null
  readonly #waiting: (() => void)[] = []
  readonly #parser

  constructor(
    url: string,
    options: {
      readonly method?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: unknown
    } = {},
  ) {
    this.#parser = createSseParser({
      onEvent: ({ event: name, data, id }) => {
        const event = JSON.parse(data) as Omit<ChatEvent, 'name' | 'id'>
        this.events.push({ name, id, ...event })
      },
      onComment: text => this.comments.push(text),
      onRetry: ms => {
        this.retryMs = ms
      },
    })
    const { method = 'GET', headers = {}, body } = options
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const type = text === undefined ? {} : { 'content-type': 'application/json' }
    this.#request = http.request(url, { method, headers: { ...type, ...headers }, agent: false })
    this.#request.on('response', response => {
      this.#response = response
      this.status = response.statusCode ?? 0
      this.headers = response.headers
      const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true
      response.on('data', (bytes: Buffer) => {
        this.text += bytes.toString('utf8')
        if (isStream) this.#parser.push(bytes)
        this.#wake()
      })
      response.on('end', () => {
        this.isComplete = true
      })
      response.on('error', () => {})
      response.on('close', () => this.#over())
      this.#wake()
    })
    this.#request.on('error', () => this.#over())
    this.#request.end(text)
  }

  #over(): void {
    this.isOver = true
    this.#wake()
  }
  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async until(holds: (reader: this) => boolean): Promise<this> {
    while (!holds(this)) {
      if (this.isOver)
        throw new Error(`ended before the condition held: ${this.status} ${this.text.slice(-500)}`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    return this
  }
  async end(): Promise<this> {
    while (!this.isOver) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return this
  }
  /** Closes the connection. */
  cut(): void {
    this.#request.destroy()
  }
  /** Reads no more. */
  stall(): void {
    this.#response?.pause()
  }
  goOn(): void {
    this.#response?.resume()
  }

  get json(): Record<string, unknown> {
    return JSON.parse(this.text) as Record<string, unknown>
  }
  get numbered(): readonly ChatEvent[] {
    return this.events.filter(({ sequence }) => sequence !== undefined)
  }
  ofType(type: string): readonly ChatEvent[] {
    return this.events.filter(event => event.type === type)
  }
  get answer(): string {
    return this.ofType('token')
      .map(({ data }) => data)
      .join('')
  }
  get terminals(): readonly ChatEvent[] {
    return this.events.filter(({ type }) => TERMINAL.has(type))
  }
  get lastSequence(): number {
    return this.numbered.at(-1)?.sequence ?? -1
  }
  get streamId(): string {
    return String(this.headers['x-stream-id'])
  }
}
