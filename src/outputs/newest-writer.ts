// Writes texts of which only the newest matters: while the stream is full, newer ones replace each other, so a reader that
// takes nothing costs one text and slows nobody.

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
    if (this.stream.write(text)) return
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
    // One failed write (a full disk) says nothing of the next; that the stream is gone, `close` says.
    const failed = (): void => settle(false)
    const drained = (): void => settle(false)
    const ended = (): void => settle(true)
    stream.once('drain', drained)
    stream.once('close', ended)
    stream.once('error', failed)
  }

  /** Waits for what is written to leave, at most a second. */
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
