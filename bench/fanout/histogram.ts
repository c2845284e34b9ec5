// Latencies of millions of deliveries in a fixed 60 KB: each power of two is cut into 128 equal buckets, so a percentile is off
// by less than 1 %.

const SUB_BITS = 7
const SUB = 1 << SUB_BITS
/** Up to 2^53, the last whole number. */
const BUCKETS = (53 - SUB_BITS + 2) * SUB

/** The bucket of a whole number ≥ 0; below 128 each number has its own. */
function bucketOf(value: number): number {
  if (value < SUB) return value
  const exponent = Math.floor(Math.log2(value))
  const scale = 2 ** (exponent - SUB_BITS)
  return (exponent - SUB_BITS + 1) * SUB + Math.floor(value / scale) - SUB
}

/** The largest whole number in a bucket. */
function topOf(bucket: number): number {
  if (bucket < SUB) return bucket
  const exponent = Math.floor(bucket / SUB) + SUB_BITS - 1
  const scale = 2 ** (exponent - SUB_BITS)
  return ((bucket % SUB) + SUB + 1) * scale - 1
}

export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #sum = 0
  #max = 0

  /** Values below 0 (clocks of two processes) count as 0. */
  add(value: number): void {
    const kept = Math.max(0, Math.floor(value))
    const bucket = bucketOf(kept)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count++
    this.#sum += kept
    if (kept > this.#max) this.#max = kept
  }

  get count(): number {
    return this.#count
  }

  get max(): number {
    return this.#max
  }

  /** 0 when nothing was added. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** Nearest rank; 0 when nothing was added. */
  percentile(part: number): number {
    const rank = Math.ceil(part * this.#count)
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] ?? 0
      if (seen >= rank && seen > 0) return Math.min(topOf(bucket), this.#max)
    }
    return this.#max
  }
}
