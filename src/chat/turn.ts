// The end of a turn of the event loop: what several streams heard during one turn is told to their readers together, after it
// was heard. Hearing and writing each stay in the processor's caches that way, several pieces for one reader become one write,
// and whoever reads is woken less often. In an idle server a turn is over at once; in a busy one nobody waits for more than a
// few others.

/** As many as wait at most; then they are not kept waiting for the rest of the turn. */
const MOST = 32

export class Turn {
  #waiting: (() => void)[] = []
  #isDue = false

  /** Runs it once, when this turn is over or sooner, in the order of asking. */
  atEnd(run: () => void): void {
    this.#waiting.push(run)
    if (this.#waiting.length >= MOST) this.#runAll()
    else if (!this.#isDue) {
      this.#isDue = true
      setImmediate(() => {
        this.#isDue = false
        this.#runAll()
      })
    }
  }

  #runAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const run of waiting) run()
  }
}
