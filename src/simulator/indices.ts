// The indices of the simulated collector: price, data quality, and whether the index is stale.
import type { Random } from './prng.js'
import { rounded, walked } from './walk.js'

export type IndexState = {
  readonly name: string
  /** The previous day's close, the base of the change. */
  readonly closedAt: number
  readonly ltp: number
  /** Distance between two strikes; max pain is one of them. */
  readonly strikeStep: number
  readonly maxPain: number
  /** Cycles in a row without a price. */
  readonly missedCycles: number
  readonly ageSec: number
  readonly legs: number
  readonly dqPct: number
  readonly dqIssues: number
  readonly successPct: number
  readonly options: number
}

type Known = { readonly closedAt: number; readonly strikeStep: number }

const KNOWN: ReadonlyMap<string, Known> = new Map([
  ['NIFTY', { closedAt: 24_500, strikeStep: 50 }],
  ['BANKNIFTY', { closedAt: 52_150, strikeStep: 100 }],
  ['FINNIFTY', { closedAt: 23_980, strikeStep: 50 }],
  ['SENSEX', { closedAt: 80_460, strikeStep: 100 }],
])

/** The nearest strike. */
function strikeNear(price: number, step: number): number {
  return Math.round(price / step) * step
}

export function createIndex(random: Random, name: string): IndexState {
  const known = KNOWN.get(name) ?? { closedAt: random.whole(40, 800) * 100, strikeStep: 50 }
  const legs = random.whole(140, 220)
  return {
    name,
    ...known,
    ltp: rounded(known.closedAt * (1 + random.between(-0.004, 0.004)), 2),
    maxPain: strikeNear(known.closedAt, known.strikeStep),
    missedCycles: 0,
    ageSec: random.whole(1, 5),
    legs,
    dqPct: rounded(random.between(86, 97), 1),
    dqIssues: 0,
    successPct: rounded(random.between(96, 100), 1),
    options: legs,
  }
}

/** `ok`, or what is wrong with it. */
export function statusOf({ missedCycles, dqPct }: IndexState): 'ok' | 'warn' | 'stale' | 'error' {
  if (missedCycles > 4) return 'error'
  if (missedCycles > 0) return 'stale'
  return dqPct < 80 ? 'warn' : 'ok'
}

/** Change from the previous day's close, in per cent. */
export function changePctOf({ ltp, closedAt }: IndexState): number {
  return rounded((ltp / closedAt - 1) * 100, 2)
}

/** A new price, at most 0.05 % × `pace` away; a stale index keeps its price. */
export function movePrice(random: Random, index: IndexState, pace: number): IndexState {
  const { ltp, closedAt, missedCycles } = index
  if (missedCycles > 0) return index
  const step = closedAt * 0.0005 * pace
  const range = { low: closedAt * 0.94, high: closedAt * 1.06, home: closedAt, step, digits: 2 }
  return { ...index, ltp: walked(random, ltp, range) }
}

/** The index after a collection, which finds no price with probability `staleChance`. */
export function collect(
  random: Random,
  index: IndexState,
  intervalSec: number,
  staleChance: number,
): IndexState {
  const wasMissed = index.missedCycles > 0
  const isMissed = wasMissed ? random.chance(0.6) : random.chance(staleChance)
  // Without a price data quality falls; with the price most of it returns.
  const dqBefore = isMissed ? Math.min(index.dqPct, 78) : wasMissed ? Math.max(index.dqPct, 84) : index.dqPct
  const dqRange = { low: 52, high: 100, home: isMissed ? 60 : 93, step: 4, digits: 1 }
  const dqPct = walked(random, dqBefore, dqRange)
  const dqIssues = dqPct < 90 ? Math.ceil((90 - dqPct) / 5) : 0
  const range = { low: 60, high: 100, home: isMissed ? 70 : 99, step: 2, digits: 1 }
  const successPct = walked(random, index.successPct, range)
  if (isMissed) {
    const missedCycles = index.missedCycles + 1
    const ageSec = missedCycles * intervalSec + random.whole(1, 12)
    return { ...index, missedCycles, ageSec, legs: 0, dqPct, dqIssues, successPct }
  }
  const options = walked(random, index.options, { low: 100, high: 260, home: 180, step: 8, digits: 0 })
  return {
    ...index,
    missedCycles: 0,
    ageSec: random.whole(1, 9),
    legs: Math.max(0, options - random.whole(0, 3)),
    dqPct,
    dqIssues,
    successPct,
    options,
  }
}

/** Sometimes moves max pain by one strike towards the price. */
export function moveMaxPain(random: Random, index: IndexState): IndexState {
  if (!random.chance(0.3)) return index
  const { ltp, maxPain, strikeStep } = index
  const towards = Math.sign(strikeNear(ltp, strikeStep) - maxPain)
  return { ...index, maxPain: maxPain + towards * strikeStep }
}
