// A seeded generator: the same seed gives the same run on every machine and every version of Node.
//
// It is Mulberry32: a 32-bit counter that steps by an odd constant, each value scrambled by two rounds of xor-shift and
// multiply. Its period of 2^32 is plenty for a simulation; it is not for secrets.

export type Random = {
  /** From `low` to below `high`. */
  between(low: number, high: number): number
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number
  /** True with this probability (0 to 1). */
  chance(probability: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
}

/** Seeds are whole numbers from 0 to this. */
export const MAX_SEED = 2 ** 32 - 1

const STEP = 0x6d2b79f5

export function createRandom(seed: number): Random {
  let counter = seed >>> 0

  function next(): number {
    counter = (counter + STEP) >>> 0
    let bits = Math.imul(counter ^ (counter >>> 15), counter | 1)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  return {
    between: (low, high) => low + next() * (high - low),
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: probability => next() < probability,
    pick: items => items[Math.floor(next() * items.length)] ?? items[0],
  }
}
