// Runs callbacks at the end of a turn of the event loop. Streams first take in what their upstreams sent in this turn, then
// write to their readers: several chunks for one reader become one write, and each kind of work stays in the processor's
// caches. In an idle server the turn ends at once; in a busy one a callback waits for a few others at most.

/** Flush early at this many callbacks. */
const MAX_WAITING = 32

export class EndOfTurn {
  #waiting: (() => void)[] = []
  #isDue = false

  /** Runs it once, in the order of the calls. */
  run(callback: () => void): void {
    this.#waiting.push(callback)
    if (this.#waiting.length >= MAX_WAITING) this.#flush()
    else if (!this.#isDue) {
      this.#isDue = true
      setImmediate(() => {
        this.#isDue = false
        this.#flush()
      })
    }
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const callback of waiting) callback()
  }
}
