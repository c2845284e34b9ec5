// Readers out of event tokens: tried again as soon as there may be one. One timer for all of them, and none when there are none.
import type { BoardReader } from './reader.js'

const CHECK_MS = 20

export class Throttled {
  readonly #readers = new Set<BoardReader>()
  #timer: NodeJS.Timeout | null = null

  /** `retry` brings a reader up to date, or adds it here again. */
  constructor(private readonly retry: (reader: BoardReader) => void) {}

  add(reader: BoardReader): void {
    this.#readers.add(reader)
    this.#timer ??= setInterval(() => this.#retryAll(), CHECK_MS)
  }

  delete(reader: BoardReader): void {
    this.#readers.delete(reader)
  }

  close(): void {
    this.#readers.clear()
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #retryAll(): void {
    for (const reader of [...this.#readers]) {
      this.#readers.delete(reader)
      this.retry(reader)
    }
    if (this.#readers.size === 0) this.close()
  }
}
