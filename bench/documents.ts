// Status documents for benchmarks: each differs from the one before in a known share of the nine panels, so that the cost of a
// cycle can be related to how much changes. They have the simulator's fullest shape; the same seed gives the same documents.
import { raiseAlert } from '../src/simulator/alerts.js'
import * as move from '../src/simulator/moves.js'
import { createRandom, type Random } from '../src/simulator/prng.js'
import { writeDown } from '../src/simulator/shapes.js'
import { walked } from '../src/simulator/walk.js'
import { createWorld, type World } from '../src/simulator/world.js'

export const CHURNS = [10, 30, 70] as const
export type Churn = (typeof CHURNS)[number]

export type BenchDocumentOptions = {
  /** How many. */
  readonly indices: number
  /** Percent of the panels that change from one document to the next, on average; at least one panel. */
  readonly churnPct: Churn
  readonly seed: number
}

const KNOWN_NAMES = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX']

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => KNOWN_NAMES[i] ?? `INDEX${i + 1}`)
}

/** A Monday, 10:00 in India. */
const START_MS = Date.UTC(2026, 0, 5, 4, 30)
const STEP_MS = 1000

/** `count` panels, each with the same chance. */
function chosen(random: Random, count: number): ReadonlySet<PanelKey> {
  const left: PanelKey[] = [...PANELS]
  return new Set(Array.from({ length: count }, () => left.splice(random.whole(0, left.length - 1), 1)).flat())
}

/**
 * Changes the indices panel alone: no prices (analytics shows them), no options (performance counts them), and no score low
 * enough to be an alert.
 */
function moveRows(world: World, random: Random): World {
  const indices = world.indices.map(index => ({
    ...index,
    dqPct: walked(random, index.dqPct, { low: 86, high: 100, home: 93, step: 3, digits: 1 }),
    legs: walked(random, index.legs, { low: 100, high: 260, home: 180, step: 6, digits: 0 }),
  }))
  return { ...world, indices }
}

/** Changes the cycle panel alone: the number of the cycle would change the header too. */
function moveDuration(world: World, random: Random): World {
  const way = { low: 0.25, high: 6, home: 0.85, step: 0.25, digits: 3 }
  const lastDurationSec = walked(random, world.loop.lastDurationSec, way)
  return { ...world, loop: { ...world.loop, lastDurationSec } }
}

/** Each changes its own panel alone; `next` changes the header. */
const MOVES = {
  header: (world: World): World => world,
  cycle: moveDuration,
  indices: moveRows,
  analytics: move.moveAnalytics,
  alerts: (world: World, random: Random, nowMs: number): World =>
    raiseAlert(world, random, nowMs, random.pick(['critical', 'warn', 'info'])),
  resources: move.moveResources,
  storage: move.moveStorage,
  perfstore: move.movePerf,
  links: move.moveLinks,
} as const
type PanelKey = keyof typeof MOVES
const PANELS = Object.keys(MOVES) as readonly PanelKey[]

export function benchDocuments({ indices, churnPct, seed }: BenchDocumentOptions) {
  const random = createRandom(seed)
  let nowMs = START_MS
  let nextOpenMs = START_MS
  let world = createWorld(random, { indices: names(indices), intervalSec: 60, nowMs })
  /** Panels that should have changed so far and did not: a share is rarely a whole number of panels. */
  let owed = 0

  return {
    next(): Record<string, unknown> {
      nowMs += STEP_MS
      owed += (PANELS.length * churnPct) / 100
      const count = Math.max(1, Math.floor(owed))
      owed = Math.max(0, owed - count)
      const panels = chosen(random, count)
      for (const panel of panels) {
        if (panel === 'header') nextOpenMs += STEP_MS
        world = MOVES[panel](world, random, nowMs)
      }
      if (panels.has('indices') && panels.has('analytics')) world = move.movePrices(world, random, 1, 1)
      const document = writeDown(world, nowMs, { shape: 'both', openMarket: true, withAnalytics: true })
      return { ...document, market: { status: 'OPEN', next_open: new Date(nextOpenMs).toISOString() } }
    },
  }
}
