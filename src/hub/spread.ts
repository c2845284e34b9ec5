// The readers of a hub whose board has a new epoch: each gets a whole board, and not all at the same moment, so that the event loop
// still accepts and answers meanwhile. In their order, a part every 20 ms; few readers get it at once.
import type { BoardReader } from './reader.js'

const STEP_MS = 20
/** So much time for each reader, up to the longest time for all. */
const READER_MS = 0.2

export class Spread {
  #waiting: readonly BoardReader[] = []
  #next = 0
  #part = 0
  #timer: NodeJS.Timeout | null = null

  /** `greet` is called once for each reader, unless it has left. */
  constructor(
    private readonly longestMs: number,
    private readonly greet: (reader: BoardReader) => void,
  ) {}

  /** These wait for their turn, the first part at once. */
  start(readers: readonly BoardReader[]): void {
    this.close()
    const ms = Math.min(this.longestMs, readers.length * READER_MS)
    this.#part = Math.ceil((readers.length * STEP_MS) / Math.max(ms, STEP_MS))
    if (this.#part >= readers.length) return
    for (const reader of readers) reader.isQueued = true
    this.#waiting = readers
    this.#next = 0
    this.#timer = setInterval(() => this.#step(), STEP_MS)
    this.#step()
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    for (const reader of this.#waiting) reader.isQueued = false
    this.#waiting = []
  }

  #step(): void {
    const end = this.#next + this.#part
    for (const reader of this.#waiting.slice(this.#next, end)) {
      reader.isQueued = false
      this.greet(reader)
    }
    this.#next = end
    if (end >= this.#waiting.length) this.close()
  }
}
