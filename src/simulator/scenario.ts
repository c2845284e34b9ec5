// A run of the simulated collector: each step gives a status document or a fault. The options and the times of the steps
// determine the whole run.
//
// `calm` runs in real time: one cycle per interval, with a little movement between cycles. The others are time-lapse:
// every step is a cycle of its own, so that there is something to see at once.
import { ageAlerts, raiseAlert } from './alerts.js'
import { isMarketOpen } from './market-hours.js'
import * as move from './moves.js'
import { createRandom, type Random } from './prng.js'
import { type Shape, type ShapeOptions, type StatusDocument, writeDown } from './shapes.js'
import { createWorld, type World } from './world.js'

export const SCENARIOS = ['calm', 'busy', 'alerts', 'faults'] as const
export type ScenarioName = (typeof SCENARIOS)[number]

export type ScenarioOptions = {
  /** A whole number from 0 to `MAX_SEED`. */
  readonly seed: number
  /** At least one name. */
  readonly indices: readonly string[]
  /** From one collector cycle to the next. */
  readonly intervalSec: number
  readonly shape: Shape
  readonly scenario: ScenarioName
  /** The market is open at every hour. */
  readonly openMarket: boolean
  readonly withAnalytics: boolean
}

export type ScenarioStep =
  | { readonly kind: 'document'; readonly document: StatusDocument }
  /** The file gets only this part of a document. */
  | { readonly kind: 'half_written'; readonly text: string }
  /** Nothing is written. */
  | { readonly kind: 'pause' }
  /** The file is removed. */
  | { readonly kind: 'delete' }
  /** The collector restarts: nothing is written in this step, and cycles count from 1 again. */
  | { readonly kind: 'restart' }

export type Scenario = {
  /** Step `n` of the run at `nowMs`. Call it with n = 0, 1, 2 … and rising times. */
  step(n: number, nowMs: number): ScenarioStep
}

const FAULT_PERIOD_STEPS = 32

/**
 * The faults of `faults`: step of the period → what happens. Each lasts long enough to be seen (`pause` extends it), and a
 * good document follows.
 */
const FAULTS: ReadonlyMap<number, 'half_written' | 'pause' | 'delete' | 'restart'> = new Map([
  [6, 'half_written'],
  [7, 'pause'],
  [12, 'pause'],
  [13, 'pause'],
  [14, 'pause'],
  [15, 'pause'],
  [16, 'pause'],
  [22, 'delete'],
  [23, 'pause'],
  [28, 'restart'],
])

/** Prices move less after hours. */
const AFTER_HOURS_PACE = 0.2

/** Alerts of each scenario: chance in a step, how many at once, and the share of each level. */
const ALERTS = {
  calm: { chance: 0.02, most: 1, criticalPart: 0.05, warnPart: 0.35 },
  busy: { chance: 0.25, most: 1, criticalPart: 0.1, warnPart: 0.5 },
  alerts: { chance: 0.8, most: 3, criticalPart: 0.35, warnPart: 0.5 },
  faults: { chance: 0.35, most: 2, criticalPart: 0.25, warnPart: 0.5 },
} as const satisfies Readonly<Record<ScenarioName, object>>

/** Chance that an index goes stale when it is collected. */
const STALE_CHANCE = { calm: 0.01, busy: 0.03, alerts: 0.12, faults: 0.06 } as const

function moveAlerts(world: World, random: Random, nowMs: number, scenario: ScenarioName): World {
  const { chance, most, criticalPart, warnPart } = ALERTS[scenario]
  let next = ageAlerts(world, nowMs)
  if (!random.chance(chance)) return next
  for (let left = random.whole(1, most); left > 0; left -= 1) {
    const kind = random.between(0, 1)
    const level = kind < criticalPart ? 'critical' : kind < criticalPart + warnPart ? 'warn' : 'info'
    next = raiseAlert(next, random, nowMs, level)
  }
  return next
}

/** Chance that anything moves in a step of `calm`. */
const CALM_CHANCE = 0.35
const CALM_SHARE = 0.2

function calmStep(world: World, random: Random, nowMs: number, pace: number): World {
  let next = moveAlerts(world, random, nowMs, 'calm')
  const { lastStartMs, intervalSec } = next.loop
  const due = Math.floor((nowMs - lastStartMs) / (intervalSec * 1000))
  if (due > 0) {
    next = move.nextCycle(next, random, lastStartMs + due * intervalSec * 1000, due)
    next = move.moveQuality(next, random, CALM_SHARE, STALE_CHANCE.calm)
    next = move.moveLinks(next, random)
  }
  if (!random.chance(CALM_CHANCE)) return next
  const moves: readonly [() => World, ...(() => World)[]] = [
    () => move.movePrices(next, random, CALM_SHARE, pace),
    () => move.moveAnalytics(next, random),
    () => move.moveResources(next, random),
    () => move.moveStorage(next, random, nowMs),
    () => move.movePerf(next, random, nowMs),
  ]
  return random.pick(moves)()
}

function fastStep(world: World, random: Random, nowMs: number, pace: number, scenario: ScenarioName): World {
  let next = moveAlerts(world, random, nowMs, scenario)
  next = move.nextCycle(next, random, nowMs)
  next = move.movePrices(next, random, 0.8, pace)
  next = move.moveQuality(next, random, 0.5, STALE_CHANCE[scenario])
  next = move.moveResources(next, random)
  if (random.chance(0.5)) next = move.moveAnalytics(next, random)
  if (random.chance(0.7)) next = move.moveStorage(next, random, nowMs)
  if (random.chance(0.7)) next = move.movePerf(next, random, nowMs)
  if (random.chance(0.25)) next = move.moveLinks(next, random)
  return next
}

/** Indented, with a newline at the end. */
export function documentText(document: StatusDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`
}

function halfOf(text: string, random: Random): string {
  return text.slice(0, Math.floor(text.length * random.between(0.2, 0.9)))
}

export function createScenario(options: ScenarioOptions): Scenario {
  const { seed, indices, intervalSec, scenario } = options
  if (indices.length === 0) throw new RangeError('a scenario needs at least one index, got none')
  const random = createRandom(seed)
  const shape: ShapeOptions = options
  let world: World | null = null

  function nextWorld(nowMs: number): World {
    if (world === null) return createWorld(random, { indices, intervalSec, nowMs })
    const pace = options.openMarket || isMarketOpen(nowMs) ? 1 : AFTER_HOURS_PACE
    return scenario === 'calm'
      ? calmStep(world, random, nowMs, pace)
      : fastStep(world, random, nowMs, pace, scenario)
  }

  return {
    step(n, nowMs) {
      const fault = scenario === 'faults' ? FAULTS.get(n % FAULT_PERIOD_STEPS) : undefined
      if (fault === 'pause' || fault === 'delete') return { kind: fault }
      world = nextWorld(nowMs)
      if (fault === 'restart') {
        world = move.restarted(world, random, nowMs)
        return { kind: fault }
      }
      const document = writeDown(world, nowMs, shape)
      if (fault === undefined) return { kind: 'document', document }
      return { kind: fault, text: halfOf(documentText(document), random) }
    },
  }
}
