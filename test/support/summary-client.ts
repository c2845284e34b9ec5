// A client of a real server's stream over node:http: feeds the slow, obviously correct StreamReader, and lets tests
// wait for events.
import http from 'node:http'
import { type Seen, StreamReader } from './stream-reader.js'

/** How the request goes out: over TLS, from another address. */
export type Get = (
  url: string,
  headers: Readonly<Record<string, string>>,
  onResponse: (response: http.IncomingMessage) => void,
) => http.ClientRequest

const plainGet: Get = (url, headers, onResponse) => http.get(url, { headers, agent: false }, onResponse)

export class SummaryClient {
  readonly reader: StreamReader
  status = 0
  headers: http.IncomingHttpHeaders = {}
  closed = false
  readonly #request: http.ClientRequest
  #waiting: (() => void)[] = []

  constructor(
    url: string,
    headers: Readonly<Record<string, string>> = {},
    reader?: StreamReader,
    get: Get = plainGet,
  ) {
    // node:http decodes the chunks, so this is the bare body.
    this.reader = reader ?? new StreamReader({ encoding: 'plain', framing: 'raw' })
    this.#request = get(url, headers, response => {
      this.status = response.statusCode ?? 0
      this.headers = response.headers
      if (this.status !== 200) {
        response.resume()
        response.on('end', () => this.#end())
        return
      }
      response.on('data', (bytes: Buffer) => {
        this.reader.feed(bytes)
        this.#wake()
      })
      response.on('close', () => this.#end())
      response.on('error', () => this.#end())
      this.#wake()
    })
    this.#request.on('error', () => this.#end())
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #end(): void {
    this.closed = true
    this.#wake()
  }

  /** Resolves as soon as the condition holds; rejects when the connection ends before. */
  async until(holds: (reader: StreamReader) => boolean, what = 'it'): Promise<void> {
    while (!holds(this.reader)) {
      if (this.closed) throw new Error(`the stream ended (${this.status}) before ${what} came`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  /** The first event of that name, or the first after `from` events. */
  async event(name: string, from = 0): Promise<Seen> {
    let found: Seen | undefined
    await this.until(reader => {
      found = reader.events.slice(from).find(({ event }) => event === name)
      return found !== undefined
    }, name)
    return found as Seen
  }

  async ended(): Promise<void> {
    while (!this.closed) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  close(): void {
    this.#request.destroy()
  }
}
