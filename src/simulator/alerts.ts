// Alerts of the simulated collector. Each stays open for some steps, then closes; after a serious one a note says for a
// while that the problem is over.
import { type IndexState, statusOf } from './indices.js'
import type { Random } from './prng.js'
import { rounded } from './walk.js'
import { BYTES_PER_MB, type Level, type OpenAlert, type World } from './world.js'

/** Above this number the oldest are dropped. */
export const MAX_OPEN_ALERTS = 40

type Kind = {
  readonly component: string
  readonly message: (world: World, index: IndexState, random: Random) => string
  readonly over: (index: IndexState) => string | null
}

const WARN: readonly [Kind, ...Kind[]] = [
  {
    component: 'Data Quality',
    message: (_, { name, dqPct }, random) =>
      `${name} at ${dqPct.toFixed(1)}%, ${random.whole(2, 9)} strikes without quotes`,
    over: ({ name }) => `${name} data quality is back to normal`,
  },
  {
    component: 'Provider',
    message: (_, __, random) => `kite answered in ${random.whole(420, 790)} ms, backing off`,
    over: () => 'kite answers quickly again',
  },
  {
    component: 'Storage',
    message: ({ storage }, _, random) =>
      `InfluxDB is ${rounded(storage.lagSec + random.between(2, 6), 1).toFixed(1)} s behind, ${storage.queueDepth + random.whole(5, 30)} batches queued`,
    over: () => 'InfluxDB has caught up',
  },
  {
    component: 'Cycle',
    message: ({ loop }, _, random) =>
      `cycle ${loop.cycle} took ${(loop.lastDurationSec + random.between(1, 4)).toFixed(2)} s`,
    over: () => null,
  },
  {
    component: 'Memory',
    message: ({ resources }) => `process uses ${(resources.rssBytes / BYTES_PER_MB).toFixed(0)} MB`,
    over: () => 'memory use is back to normal',
  },
]

const CRITICAL: readonly [Kind, ...Kind[]] = [
  {
    component: 'Collector',
    message: (_, { name }, random) => `${name} stale for ${random.whole(61, 300)} s`,
    over: ({ name }) => `${name} is collected again`,
  },
  {
    component: 'Provider',
    message: () => 'kite rejected the access token, logging in again',
    over: () => 'kite accepted the new access token',
  },
  {
    component: 'Storage',
    message: (_, { name }) => `CSV write failed for ${name}: no space left on device`,
    over: () => 'CSV writes succeed again',
  },
]

const INFO: readonly [Kind, ...Kind[]] = [
  {
    component: 'Collector',
    message: (_, { name, options }) => `${name} option chain refreshed, ${options} contracts`,
    over: () => null,
  },
  {
    component: 'Backup',
    message: ({ storage }) => `backup of ${storage.csvFiles} files verified`,
    over: () => null,
  },
]

const KINDS: Readonly<Record<Level, readonly [Kind, ...Kind[]]>> = {
  critical: CRITICAL,
  warn: WARN,
  info: INFO,
}

/** The worse of two random indices: alerts should match what the other panels show. */
function worstOf(random: Random, indices: readonly [IndexState, ...IndexState[]]): IndexState {
  const [one, other] = [random.pick(indices), random.pick(indices)]
  if (statusOf(one) !== 'ok' && statusOf(other) === 'ok') return one
  return other.dqPct <= one.dqPct ? other : one
}

function isFilled<T>(items: readonly T[]): items is readonly [T, ...T[]] {
  return items.length > 0
}

/** The world with one more alert of this level. */
export function raiseAlert(world: World, random: Random, nowMs: number, level: Level): World {
  if (!isFilled(world.indices)) return world
  const kind = random.pick(KINDS[level])
  const index = worstOf(random, world.indices)
  const alert: OpenAlert = {
    atMs: nowMs,
    level,
    component: kind.component,
    message: kind.message(world, index, random),
    over: kind.over(index),
    stepsLeft: random.whole(6, 24),
  }
  return { ...world, alerts: [...world.alerts, alert].slice(-MAX_OPEN_ALERTS) }
}

/** How long the note about a closed alert stays. */
const NOTE_STEPS = 8

/** The world a step later, without the alerts that have expired. */
export function ageAlerts(world: World, nowMs: number): World {
  if (world.alerts.length === 0) return world
  const kept: OpenAlert[] = []
  const notes: OpenAlert[] = []
  for (const alert of world.alerts) {
    const { component, over, stepsLeft } = alert
    if (stepsLeft > 1) kept.push({ ...alert, stepsLeft: stepsLeft - 1 })
    else if (over !== null) {
      notes.push({ atMs: nowMs, level: 'info', component, message: over, over: null, stepsLeft: NOTE_STEPS })
    }
  }
  return { ...world, alerts: [...kept, ...notes] }
}
