// Writes texts of which only the newest matters: while the stream is full, each new text replaces the waiting one. A reader
// that has stalled costs the memory of one text and delays nothing.
import { printableText } from '../log/printable.js'

export type TextStream = {
  readonly columns?: number
  write(text: string): boolean
  once(event: 'drain' | 'close' | 'error', listener: () => void): unknown
  removeListener(event: 'drain' | 'close' | 'error', listener: () => void): unknown
}

export class NewestWriter {
  #full = false
  #newest: string | null = null
  #gone = false
  #whenIdle: (() => void) | null = null

  constructor(private readonly stream: TextStream) {}

  write(text: string): void {
    if (this.#gone) return
    if (this.#full) {
      this.#newest = text
      return
    }
    // It may be a terminal: no control character of the data reaches it.
    if (this.stream.write(printableText(text))) return
    this.#full = true
    this.#await()
  }

  #await(): void {
    const { stream } = this
    const settle = (gone: boolean): void => {
      stream.removeListener('drain', drained)
      stream.removeListener('close', ended)
      stream.removeListener('error', failed)
      this.#full = false
      this.#gone = gone
      const newest = this.#newest
      this.#newest = null
      if (newest !== null && !gone) this.write(newest)
      if (!this.#full) this.#whenIdle?.()
    }
    // After a failed write (a full disk), the next may succeed; `close` means that the stream is gone.
    const failed = (): void => settle(false)
    const drained = (): void => settle(false)
    const ended = (): void => settle(true)
    stream.once('drain', drained)
    stream.once('close', ended)
    stream.once('error', failed)
  }

  /** Waits at most a second for the stream to drain. */
  async close(): Promise<void> {
    if (!this.#full) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, 1_000)
      this.#whenIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#gone = true
  }
}
