// Never a flood of lines: a burst, and then a few a second. The next line says how many were left out.

const BURST = 20
const PER_SEC = 2

export class LineLimit {
  #tokens = BURST
  #atMs: number
  #left = 0

  constructor(nowMs: number) {
    this.#atMs = nowMs
  }

  /** Null: leave this line out. Else what the line adds to its fields. */
  take(nowMs: number): { readonly suppressed?: number } | null {
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#atMs) * PER_SEC) / 1000)
    this.#atMs = nowMs
    if (this.#tokens < 1) {
      this.#left += 1
      return null
    }
    this.#tokens -= 1
    const suppressed = this.#left
    this.#left = 0
    return suppressed > 0 ? { suppressed } : {}
  }
}
