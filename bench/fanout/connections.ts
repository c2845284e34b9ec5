// The sockets of a load client: opened a bounded number at a time, read into one shared buffer, closed by reset so that no
// port stays in TIME_WAIT.
import type { OnReadOpts, Socket } from 'node:net'
import { send } from '../requests.js'
import type { ClientOptions } from './client-options.js'
import { type GzipMode, StreamReader } from './stream-reader.js'

/** Connections that may be opening at once. */
const OPENING = 200
const CONNECT_TIMEOUT_MS = 60_000
const READ_BYTES = 262_144

type OnEvent = (reader: number, seq: number | null, stampNs: number | null) => void

export class Connections {
  readonly traffic = { bytes: 0, faults: 0 }
  readonly #options: ClientOptions
  readonly #onEvent: OnEvent
  readonly #sockets: Socket[] = []
  readonly #readers: StreamReader[] = []
  // One thread reads all sockets, one after the other, so they can share a buffer.
  readonly #shared = Buffer.allocUnsafe(READ_BYTES)
  #closing = false

  constructor(options: ClientOptions, onEvent: OnEvent) {
    this.#options = options
    this.#onEvent = onEvent
  }

  /** Resolves when every reading connection has its head and every stalled one has sent its request. */
  async open(): Promise<void> {
    const { n, stalled } = this.#options
    const late = setTimeout(() => {
      throw new Error(`not all ${n + stalled} connections after ${CONNECT_TIMEOUT_MS} ms`)
    }, CONNECT_TIMEOUT_MS)
    let next = 0
    const opener = async (): Promise<void> => {
      while (next < n + stalled) {
        const index = next++
        await new Promise<void>(ready => {
          if (index < n) this.#openReading(index, ready)
          else this.#openStalled(ready)
        })
      }
    }
    await Promise.all(Array.from({ length: OPENING }, opener))
    clearTimeout(late)
  }

  close(): void {
    this.#closing = true
    for (const reader of this.#readers) reader.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #openReading(index: number, onReady: () => void): void {
    const { gz, inflate } = this.#options
    const mode: GzipMode = !gz ? 'none' : index < inflate ? 'inflate' : 'count'
    const reader = new StreamReader(mode, {
      onOpen: onReady,
      onEvent: (seq, stampNs) => this.#onEvent(index, seq, stampNs),
      onFault: message => this.#fault(message),
    })
    this.#readers.push(reader)
    const socket = this.#connect({
      buffer: this.#shared,
      callback: length => {
        this.traffic.bytes += length
        reader.push(this.#shared.subarray(0, length))
        return true
      },
    })
    socket.on('close', () => this.#fault('a reading connection was closed'))
  }

  #openStalled(onReady: () => void): void {
    const socket = this.#connect()
    socket.pause()
    socket.once('connect', onReady)
  }

  #connect(onread?: OnReadOpts): Socket {
    const { port, path, gz } = this.#options
    const headers = ['Accept: text/event-stream', ...(gz ? ['Accept-Encoding: gzip'] : [])]
    const socket = send(`http://127.0.0.1:${port}${path}`, headers, onread === undefined ? {} : { onread })
    socket.on('error', error => {
      if (!this.#closing) process.stderr.write(`connection: ${error.message}\n`)
    })
    this.#sockets.push(socket)
    return socket
  }

  #fault(message: string): void {
    if (this.#closing) return
    this.traffic.faults++
    if (this.traffic.faults <= 5) process.stderr.write(`fault: ${message}\n`)
    if (this.traffic.faults > 20) throw new Error('too many connections failed')
  }
}
