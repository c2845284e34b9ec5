// The newest first-token latencies, for health: a ring, and percentiles when somebody asks.

const KEPT = 1024

export type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number }

export class Latencies {
  readonly #ring: number[] = []
  #at = 0

  add(ms: number): void {
    this.#ring[this.#at] = ms
    this.#at = (this.#at + 1) % KEPT
  }

  /** Milliseconds, nearest rank; null before the first one. */
  percentiles(): Percentiles | null {
    const rising = this.#ring.toSorted((a, b) => a - b)
    const at = (part: number): number => rising[Math.ceil(part * rising.length) - 1] ?? 0
    return rising.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
  }
}
