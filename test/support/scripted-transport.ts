// A connection that a test controls: it accepts bytes, stalls, drains, is cut. Only tests import it.
import type { Transport } from '../../src/connection/transport.js'

export class ScriptedTransport implements Transport {
  readonly writes: Buffer[] = []
  /** Bytes written while stalled, delivered on `drain`. */
  readonly held: Buffer[] = []
  closed = false
  /** Of a TCP connection, for tests of what the system knows of one. */
  farPort: number | null = null
  knownEnds: string | null = null
  #sent = 0
  ended = false
  #stalled = false
  #progress = 0
  #events: { onDrain(): void; onClose(): void } = { onDrain: () => {}, onClose: () => {} }

  constructor(private readonly deliver: (bytes: Buffer) => void) {}

  attach(events: { onDrain(): void; onClose(): void }): void {
    this.#events = events
  }

  write(bytes: Buffer): boolean {
    if (this.closed) throw new Error('written to after it was closed')
    if (this.#stalled && this.held.length > 0) throw new Error('written to while blocked')
    this.writes.push(bytes)
    this.#sent += bytes.length
    if (!this.#stalled) {
      this.deliver(bytes)
      return true
    }
    this.held.push(bytes)
    return false
  }

  progress(): number {
    return this.#progress
  }

  ends(): string | null {
    return this.knownEnds
  }

  sent(): number {
    return this.#sent
  }

  /** From the next write on the peer reads nothing. */
  stall(): void {
    this.#stalled = true
  }

  drain(): void {
    this.#stalled = false
    if (this.held.length === 0 || this.closed) return
    for (const bytes of this.held.splice(0)) this.deliver(bytes)
    this.#progress++
    this.#events.onDrain()
  }

  /** The peer reads some of the waiting bytes, not all. */
  sip(): void {
    this.#progress++
  }

  end(lastBytes: Buffer): void {
    this.ended = true
    if (this.#stalled) this.held.push(lastBytes)
    else if (lastBytes.length > 0) this.deliver(lastBytes)
    if (!this.#stalled) this.cut()
  }

  breakOff(): void {
    if (!this.#stalled) this.cut()
  }

  destroy(): void {
    this.cut()
  }

  /** The connection is gone; waiting bytes are lost. */
  cut(): void {
    if (this.closed) return
    this.closed = true
    this.#events.onClose()
  }
}
