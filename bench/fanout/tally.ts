// The deliveries of a run: order, gaps and doubles of each connection, and when an event has reached all connections.
//
// An event counts as delivered to a connection when it or a later one arrives: a server that merges updates for a slow reader
// delivers everything, and the skipped events count as gaps.

/** The runner never has more events outstanding at once. */
const RING = 65_536

export class Tally {
  readonly #readers: number
  readonly #base: number
  readonly #onComplete: () => void
  readonly #last: Float64Array
  readonly #reached = new Uint32Array(RING)
  deliveries = 0
  completed = 0
  gaps = 0
  doubles = 0

  /** `base` is the newest sequence number before the run; `onComplete` is called when an event has reached every reader. */
  constructor(readers: number, base: number, onComplete: () => void) {
    this.#readers = readers
    this.#base = base
    this.#onComplete = onComplete
    this.#last = new Float64Array(readers).fill(base)
  }

  /** `seq` null: the next one (compressed events are counted, not read). False for an event that is not of this run. */
  arrived(reader: number, seq: number | null): boolean {
    const last = this.#last[reader] as number
    const now = seq ?? last + 1
    if (now <= this.#base) return false
    if (now <= last) {
      this.doubles++
      return false
    }
    this.deliveries++
    this.gaps += now - last - 1
    this.#last[reader] = now
    for (let each = last + 1; each <= now; each++) this.#reach(each)
    return true
  }

  #reach(seq: number): void {
    const at = seq % RING
    const reached = (this.#reached[at] as number) + 1
    this.#reached[at] = reached
    if (reached < this.#readers) return
    this.#reached[at] = 0
    this.completed++
    this.#onComplete()
  }

  /** How many connections stand at `seq`. */
  standingAt(seq: number): number {
    return this.#last.reduce((count, last) => count + (last === seq ? 1 : 0), 0)
  }
}
