// Statistics of all benchmarks. None of them invents a value: an empty list is an error.

export type Spread = {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly count: number
}

function sorted(values: readonly number[]): readonly number[] {
  if (values.length === 0) throw new RangeError('statistics of no values')
  if (values.some(Number.isNaN)) throw new RangeError('statistics of a value that is not a number')
  return values.toSorted((a, b) => a - b)
}

/** Nearest rank: the smallest value with at least `part` (0 < part ≤ 1) of all values at or below it. */
export function percentile(values: readonly number[], part: number): number {
  if (!(part > 0 && part <= 1))
    throw new RangeError(`the part of a percentile must be in (0, 1], got ${part}`)
  const rising = sorted(values)
  return rising[Math.ceil(part * rising.length) - 1] as number
}

/** The middle value; the mean of the two in the middle for an even count. */
export function median(values: readonly number[]): number {
  const rising = sorted(values)
  const above = rising.length >> 1
  const upper = rising[above] as number
  return rising.length % 2 === 1 ? upper : ((rising[above - 1] as number) + upper) / 2
}

export function spread(values: readonly number[]): Spread {
  const rising = sorted(values)
  return {
    median: median(rising),
    min: rising[0] as number,
    max: rising[rising.length - 1] as number,
    count: rising.length,
  }
}

/** Ratios round by round (`ours[i] / theirs[i]`): in interleaved rounds noise affects both alike. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): Spread {
  if (ours.length !== theirs.length) {
    throw new RangeError(`ratios need as many rounds of both: got ${ours.length} against ${theirs.length}`)
  }
  return spread(ours.map((value, i) => value / (theirs[i] as number)))
}

/** The order of a round, counted from 1: each round begins with the next one, so that none always runs first. */
export function inTurn<S>(subjects: readonly S[], round: number): readonly S[] {
  const first = subjects.length === 0 ? 0 : (round - 1) % subjects.length
  return [...subjects.slice(first), ...subjects.slice(0, first)]
}
