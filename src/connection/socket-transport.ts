// A transport over a socket: framed bytes go straight to it, never through ServerResponse.
//
// Blocked means: `write` returned false AND bytes are left in our memory. Above the high-water mark, `write` also returns false
// when the kernel took all bytes, yet nothing is waiting.
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { endsOf } from './tcp-table.js'
import type { Transport } from './transport.js'

/** Bytes in libuv's queue of one socket; not in the public types. */
type WithQueue = { readonly _handle?: { readonly writeQueueSize?: number } | null }

const EMPTY = Buffer.alloc(0)

/** How long a peer may take to fetch the last bytes and close. */
const LINGER_MS = 5_000
/** A streaming client has nothing to send; we ignore this much and then close. */
const MAX_STRAY_BYTES = 64 * 1024

export class SocketTransport implements Transport {
  readonly #socket: Duplex
  #blocked = false
  #strayBytes = 0
  #linger: NodeJS.Timeout | undefined

  /**
   * `ownsReading`: the socket is ours alone, so we must read its incoming side, or never notice that the peer has ended; false
   * when node:http still reads it.
   */
  constructor(
    socket: Duplex,
    readonly ownsReading: boolean,
    /** A number here costs less memory than the addresses that a socket keeps once it was asked for one. */
    readonly farPort: number | null,
  ) {
    this.#socket = socket
  }

  attach(events: { onDrain(): void; onClose(): void }): void {
    const socket = this.#socket
    socket.on('drain', () => {
      if (!this.#blocked) return
      this.#blocked = false
      events.onDrain()
    })
    socket.once('close', () => {
      clearTimeout(this.#linger)
      events.onClose()
    })
    if (!this.ownsReading) return
    socket.on('data', (bytes: Buffer) => {
      this.#strayBytes += bytes.length
      if (this.#strayBytes > MAX_STRAY_BYTES) socket.destroy()
    })
    // We treat a half-closed client as gone: it has no other way to say so.
    socket.once('end', () => {
      socket.destroy()
    })
  }

  write(bytes: Buffer): boolean {
    const socket = this.#socket
    if (socket.write(bytes) || socket.writableLength === 0) return true
    this.#blocked = true
    return false
  }

  /** Falls while the peer takes bytes: even inside one large write, of which Node knows only the end. */
  progress(): number {
    const socket = this.#socket
    return ((socket as WithQueue)._handle?.writeQueueSize ?? 0) + socket.writableLength
  }

  ends(): string | null {
    const socket = this.#socket
    if (!(socket instanceof Socket)) return null
    const { localAddress, localPort, remoteAddress, remotePort } = socket
    if (!localAddress || !localPort || !remoteAddress || !remotePort) return null
    return endsOf(localAddress, localPort, remoteAddress, remotePort)
  }

  sent(): number {
    const socket = this.#socket
    if (!(socket instanceof Socket)) return 0
    return socket.bytesWritten - ((socket as WithQueue)._handle?.writeQueueSize ?? 0)
  }

  end(lastBytes: Buffer): void {
    if (this.#socket.destroyed) return
    if (lastBytes.length > 0) this.#socket.end(lastBytes)
    else this.#socket.end()
    this.#destroyLater()
  }

  breakOff(byReset: boolean): void {
    const socket = this.#socket
    if (socket.destroyed) return
    // The callback runs once everything before it was handed to the system.
    socket.write(EMPTY, () => {
      if (byReset && socket instanceof Socket) socket.resetAndDestroy()
      else socket.destroy()
    })
    this.#destroyLater()
  }

  #destroyLater(): void {
    this.#linger ??= setTimeout(() => {
      this.#socket.destroy()
    }, LINGER_MS)
    this.#linger.unref()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
