// A reader behind a proxy that takes the time at which each event came, by its id.
import { get as getPlain, type IncomingMessage } from 'node:http'
import { connect as connectH2 } from 'node:http2'
import { get as getTls } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { constants, createGunzip } from 'node:zlib'

export type Way = 'no tls' | 'http1' | 'http1 gzip' | 'http2' | 'http2 gzip'
export const WAYS: readonly Way[] = ['no tls', 'http1', 'http1 gzip', 'http2', 'http2 gzip']

/** The last part of an event id: the generation of its board. */
const ID = /^id: \S+-(\d+)$/gm

export class TimedReader {
  /** Generation → when its event was here. */
  readonly seenMs = new Map<number, number>()
  status = 0
  encoding = ''
  fault: string | null = null
  #text = ''
  #close: () => void = () => {}

  /** `plainPort` has no TLS. */
  constructor(port: number, plainPort: number, way: Way, path = '/summary/events') {
    const headers = way.endsWith('gzip') ? { 'accept-encoding': 'gzip' } : {}
    const tls = { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false }
    if (way.startsWith('http2')) {
      const socket = connectTls({ ...tls, ALPNProtocols: ['h2'] })
      const session = connectH2(`https://localhost:${port}`, { createConnection: () => socket })
      session.on('error', error => this.#failed(error))
      const request = session.request({ ':path': path, ...headers })
      request.on('error', error => this.#failed(error))
      request.on('response', answer => {
        this.#begin(Number(answer[':status']), String(answer['content-encoding'] ?? ''))
        this.#read(request)
      })
      this.#close = () => session.destroy()
      return
    }
    const options = { path, agent: false as const, headers: { Host: 'localhost', ...headers } }
    const onResponse = (response: IncomingMessage): void => {
      this.#begin(response.statusCode ?? 0, response.headers['content-encoding'] ?? '')
      this.#read(response)
    }
    const request =
      way === 'no tls'
        ? getPlain({ host: '127.0.0.1', port: plainPort, ...options }, onResponse)
        : getTls({ ...tls, ...options }, onResponse)
    request.on('error', error => this.#failed(error))
    this.#close = () => request.destroy()
  }

  #failed(error: Error): void {
    this.fault ??= error.message
  }

  #begin(status: number, encoding: string): void {
    this.status = status
    this.encoding = encoding
  }

  #read(stream: NodeJS.ReadableStream): void {
    const plain =
      this.encoding === 'gzip' ? stream.pipe(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })) : stream
    plain.on('error', error => this.#failed(error))
    plain.on('data', (bytes: Buffer) => this.#take(bytes.toString('latin1')))
  }

  #take(text: string): void {
    const nowMs = performance.now()
    this.#text = (this.#text + text).slice(-1_000_000)
    const end = this.#text.lastIndexOf('\n\n')
    if (end === -1) return
    for (const [, generation] of this.#text.slice(0, end).matchAll(ID)) {
      if (!this.seenMs.has(Number(generation))) this.seenMs.set(Number(generation), nowMs)
    }
    this.#text = this.#text.slice(end + 2)
  }

  close(): void {
    this.#close()
  }
}
