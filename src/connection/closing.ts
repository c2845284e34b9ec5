// Connections that we have ended, while they swallow their last bytes. One that takes too long is destroyed.
import type { Transport } from './transport.js'

/** How long an ended connection may take to swallow its last bytes. */
const LINGER_MS = 2_000

export class Closing {
  /** When patience with each ends, on the clock of `nowMs`. */
  readonly #deadlinesMs = new Map<Transport, number>()
  #whenEmpty: (() => void) | null = null

  /** Writes these last bytes and ends the connection in order. */
  begin(transport: Transport, lastBytes: Buffer, nowMs: number): void {
    this.#deadlinesMs.set(transport, nowMs + LINGER_MS)
    transport.end(lastBytes)
  }

  /** The connection is closed; nothing for one that we did not end. */
  closed(transport: Transport): void {
    this.#deadlinesMs.delete(transport)
    if (this.#deadlinesMs.size === 0) this.#whenEmpty?.()
  }

  tick(nowMs: number): void {
    for (const [transport, deadlineMs] of this.#deadlinesMs) if (nowMs >= deadlineMs) transport.destroy()
  }

  /** Waits until all are gone; those that are not after `graceMs` are destroyed. */
  async finish(graceMs: number): Promise<void> {
    if (this.#deadlinesMs.size > 0) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, graceMs)
        this.#whenEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    for (const transport of this.#deadlinesMs.keys()) transport.destroy()
  }
}
