// Numbers by second and slot: a row for each second of a window, in which each slot has its place. So a second that changes nothing is one
// copy of a row, and the numbers of one second lie together. NaN = not known. It grows with the slots that are taken.

const LEAST_SLOTS = 32

export class Ring {
  readonly #seconds: number
  readonly #maxSlots: number
  #width = 0
  #rows = new Float64Array(0)
  /** By slot: the current number. */
  now = new Float64Array(0)
  #taken = 0
  readonly #free: number[] = []

  constructor(seconds: number, maxSlots: number) {
    this.#seconds = seconds
    this.#maxSlots = maxSlots
  }

  /** A slot in which nothing is known. The caller takes no more than there are. */
  take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#taken === this.#width) this.#grow()
    return this.#taken++
  }

  /** Of a slot in which nothing is known any more. */
  giveBack(slot: number): void {
    this.#free.push(slot)
  }

  #grow(): void {
    const width = Math.min(this.#maxSlots, Math.max(LEAST_SLOTS, 2 * this.#width))
    const rows = new Float64Array(this.#seconds * width).fill(Number.NaN)
    for (let row = 0; row < this.#seconds; row++)
      rows.set(this.#rows.subarray(row * this.#width, (row + 1) * this.#width), row * width)
    const now = new Float64Array(width).fill(Number.NaN)
    now.set(this.now)
    this.#width = width
    this.#rows = rows
    this.now = now
  }

  #begin(second: number): number {
    return (second % this.#seconds) * this.#width
  }

  at(slot: number, second: number): number {
    return this.#rows[this.#begin(second) + slot] ?? Number.NaN
  }

  put(slot: number, second: number, value: number): void {
    this.#rows[this.#begin(second) + slot] = value
  }

  /** Every slot has its current number in this second. */
  putNow(second: number): void {
    this.#rows.set(this.now, this.#begin(second))
  }

  /** Nothing is known of this second. */
  clear(second: number): void {
    const begin = this.#begin(second)
    this.#rows.fill(Number.NaN, begin, begin + this.#width)
  }

  clearAll(): void {
    this.#rows.fill(Number.NaN)
  }

  /** Least, greatest, last and count of what is known of these seconds, by slot; the first three mean nothing where the count is 0. */
  extents(slots: Int32Array, fromSec: number, toSec: number): Float64Array {
    const found = new Float64Array(4 * slots.length)
    const rows = this.#rows
    // Row by row, as the numbers lie in memory.
    for (let second = fromSec; second <= toSec; second++) {
      const begin = this.#begin(second)
      for (let i = 0; i < slots.length; i++) {
        const value = rows[begin + (slots[i] ?? 0)] ?? Number.NaN
        if (Number.isNaN(value)) continue
        const at = 4 * i
        const count = found[at + 3] ?? 0
        if (count === 0 || value < (found[at] ?? 0)) found[at] = value
        if (count === 0 || value > (found[at + 1] ?? 0)) found[at + 1] = value
        found[at + 2] = value
        found[at + 3] = count + 1
      }
    }
    return found
  }

  isEmpty(slot: number): boolean {
    for (let at = slot; at < this.#rows.length; at += this.#width)
      if (!Number.isNaN(this.#rows[at])) return false
    return true
  }
}
