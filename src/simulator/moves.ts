// How the simulated collector changes: one pure function for each thing a panel shows, which always changes it.
import { collect, moveMaxPain, movePrice } from './indices.js'
import type { Random } from './prng.js'
import { rounded, walked } from './walk.js'
import { BYTES_PER_MB, mark, TOKEN_LASTS_MS, type World } from './world.js'

/** Cycle times and success rate, without a new cycle. */
export function moveLoopTimes(world: World, random: Random): World {
  const { loop } = world
  const [lastDurationSec, successPct, avgMs, p95Ms] = [
    walked(random, loop.lastDurationSec, { low: 0.25, high: 6, home: 0.85, step: 0.25, digits: 3 }),
    walked(random, loop.successPct, { low: 78, high: 100, home: 97.5, step: 1.6, digits: 2 }),
    walked(random, loop.avgMs, { low: 500, high: 2500, home: 840, step: 25, digits: 0 }),
    walked(random, loop.p95Ms, { low: 900, high: 4500, home: 1200, step: 60, digits: 0 }),
  ]
  return { ...world, loop: { ...loop, lastDurationSec, successPct, avgMs, p95Ms } }
}

/** `count` new cycles, the last of which started at `startMs`. */
export function nextCycle(world: World, random: Random, startMs: number, count = 1): World {
  const { loop, ...rest } = moveLoopTimes(world, random)
  return { ...rest, loop: { ...loop, cycle: loop.cycle + count, lastStartMs: startMs } }
}

/** Moves the prices of about `share` (0 to 1) of the indices, at least one; `pace` scales the step. */
export function movePrices(world: World, random: Random, share: number, pace: number): World {
  const sure = random.whole(0, world.indices.length - 1)
  const indices = world.indices.map((index, i) =>
    i === sure || random.chance(share) ? movePrice(random, index, pace) : index,
  )
  return { ...world, indices }
}

/** Collects about `share` (0 to 1) of the indices, at least one. */
export function moveQuality(world: World, random: Random, share: number, staleChance: number): World {
  const sure = random.whole(0, world.indices.length - 1)
  const { intervalSec } = world.loop
  const indices = world.indices.map((index, i) =>
    i === sure || random.chance(share) ? collect(random, index, intervalSec, staleChance) : index,
  )
  return { ...world, indices }
}

export function moveAnalytics(world: World, random: Random): World {
  const pcr = walked(random, world.pcr, { low: 0.5, high: 1.6, home: 0.95, step: 0.06, digits: 2 })
  return { ...world, pcr, indices: world.indices.map(index => moveMaxPain(random, index)) }
}

export function moveResources(world: World, random: Random): World {
  const { cpuPct, rssBytes } = world.resources
  const cpuRange = { low: 2, high: 99, home: 24, step: 9, digits: 1 }
  const memoryRange = { low: 150, high: 620, home: 250, step: 14, digits: 2 }
  const memoryMb = walked(random, rounded(rssBytes / BYTES_PER_MB, 2), memoryRange)
  return {
    ...world,
    resources: {
      cpuPct: walked(random, cpuPct, cpuRange),
      rssBytes: Math.round(memoryMb * BYTES_PER_MB),
    },
    backlogRatio: walked(random, world.backlogRatio, { low: 0, high: 1, home: 0.1, step: 0.06, digits: 2 }),
  }
}

export function moveStorage(world: World, random: Random, nowMs: number): World {
  const { storage } = world
  const written = random.whole(60, 900)
  const isNewFile = random.chance(0.03)
  return {
    ...world,
    storage: {
      ...storage,
      lagSec: walked(random, storage.lagSec, { low: 0, high: 30, home: 1.2, step: 0.6, digits: 2 }),
      queueDepth: walked(random, storage.queueDepth, { low: 0, high: 60, home: 4, step: 3, digits: 0 }),
      lastFlushAgeSec: rounded(random.between(0.2, 6), 1),
      lastWriteMs: nowMs,
      csvFiles: storage.csvFiles + (isNewFile ? 1 : 0),
      csvRecords: storage.csvRecords + written,
      csvErrors: storage.csvErrors + (random.chance(0.02) ? 1 : 0),
      csvDiskMb: rounded(storage.csvDiskMb + written * 0.0004, 1),
      points: storage.points + written * 3,
      pointsSuccessPct: walked(random, storage.pointsSuccessPct, {
        low: 96,
        high: 100,
        home: 99.8,
        step: 0.2,
        digits: 1,
      }),
      influxHealthy: storage.influxHealthy ? !random.chance(0.02) : random.chance(0.4),
      queryMs: walked(random, storage.queryMs, { low: 4, high: 400, home: 22, step: 4, digits: 1 }),
      backupAgeHours: storage.backupAgeHours >= 6 ? 0.1 : rounded(storage.backupAgeHours + 0.1, 1),
    },
  }
}

/** A healthy component mostly stays healthy; an unhealthy one soon recovers. */
function nextHealth(random: Random, state: string): string {
  if (state === 'ok') return random.chance(0.04) ? random.pick(['degraded', 'error']) : 'ok'
  return random.chance(0.3) ? 'ok' : state
}

/** Speed, provider and component health. */
export function movePerf(world: World, random: Random, nowMs: number): World {
  const { perf, provider, health } = world
  const isBurst = random.chance(0.05)
  const latencyMs = walked(random, provider.latencyMs, {
    low: 25,
    high: 1100,
    home: 80,
    step: isBurst ? 600 : 25,
    digits: 0,
  })
  return {
    ...world,
    perf: {
      apiMs: walked(random, perf.apiMs, { low: 30, high: 900, home: 85, step: 9, digits: 1 }),
      p95CycleMs: walked(random, perf.p95CycleMs, { low: 600, high: 4000, home: 920, step: 45, digits: 0 }),
      optionsPerSec: walked(random, perf.optionsPerSec, {
        low: 20,
        high: 260,
        home: 140,
        step: 7,
        digits: 1,
      }),
      apiSuccessPct: walked(random, perf.apiSuccessPct, {
        low: 88,
        high: 100,
        home: 99,
        step: 0.5,
        digits: 1,
      }),
    },
    provider: {
      latencyMs,
      authValid: provider.authValid ? !random.chance(0.02) : random.chance(0.4),
      // A token is renewed before its last hour.
      authExpiryMs:
        provider.authExpiryMs - nowMs < 3_600_000 ? nowMs + TOKEN_LASTS_MS : provider.authExpiryMs,
      lastBackoffMs: latencyMs > 400 ? nowMs : provider.lastBackoffMs,
    },
    health: {
      collector: nextHealth(random, health.collector),
      sinks: nextHealth(random, health.sinks),
      provider: nextHealth(random, health.provider),
    },
  }
}

export function moveLinks(world: World, random: Random): World {
  return { ...world, logMark: mark(random) }
}

/** The same collector as a new process: cycles count from 0 again, earlier alerts are gone. */
export function restarted(world: World, random: Random, nowMs: number): World {
  return {
    ...world,
    app: { ...world.app, pid: random.whole(2000, 9999), startedAtMs: nowMs },
    loop: { ...world.loop, cycle: 0, lastStartMs: nowMs },
    alerts: [
      {
        atMs: nowMs,
        level: 'info',
        component: 'Collector',
        message: 'collector started',
        over: null,
        stepsLeft: 12,
      },
    ],
    resources: { ...world.resources, rssBytes: Math.round(random.between(150, 180) * BYTES_PER_MB) },
  }
}
