// The state of the simulated collector, as plain data. moves.ts computes the next world, shapes.ts writes a world as a
// status document.
import { createIndex, type IndexState } from './indices.js'
import type { Random } from './prng.js'
import { rounded } from './walk.js'

export type Level = 'critical' | 'warn' | 'info'

export type OpenAlert = {
  readonly atMs: number
  readonly level: Level
  readonly component: string
  readonly message: string
  /** The note that follows when the alert closes; null: none. */
  readonly over: string | null
  /** Steps until it closes. */
  readonly stepsLeft: number
}

export type World = {
  readonly app: {
    readonly version: string
    readonly pid: number
    readonly host: string
    readonly startedAtMs: number
  }
  readonly loop: {
    readonly cycle: number
    readonly intervalSec: number
    readonly lastStartMs: number
    readonly lastDurationSec: number
    readonly successPct: number
    readonly avgMs: number
    readonly p95Ms: number
  }
  readonly indices: readonly IndexState[]
  /** Put-call ratio over all indices. */
  readonly pcr: number
  /** Newest last. */
  readonly alerts: readonly OpenAlert[]
  readonly resources: { readonly cpuPct: number; readonly rssBytes: number }
  readonly storage: {
    readonly lagSec: number
    readonly queueDepth: number
    readonly lastFlushAgeSec: number
    readonly lastWriteMs: number
    readonly csvFiles: number
    readonly csvRecords: number
    readonly csvErrors: number
    readonly csvDiskMb: number
    readonly points: number
    readonly pointsSuccessPct: number
    readonly influxHealthy: boolean
    readonly queryMs: number
    readonly backupAgeHours: number
  }
  readonly perf: {
    readonly apiMs: number
    readonly optionsPerSec: number
    /** Of collection alone; that of the whole loop is `loop.p95Ms`. */
    readonly p95CycleMs: number
    readonly apiSuccessPct: number
  }
  readonly provider: {
    readonly latencyMs: number
    readonly authValid: boolean
    readonly authExpiryMs: number
    readonly lastBackoffMs: number
  }
  readonly health: Readonly<Record<'collector' | 'sinks' | 'provider', string>>
  readonly backlogRatio: number
  /** Part of the link to the log of the last cycle. */
  readonly logMark: string
}

export const BYTES_PER_MB = 1_048_576

export type WorldOptions = {
  readonly indices: readonly string[]
  readonly intervalSec: number
  readonly nowMs: number
}

const RUNNING_FOR_MS = 5_400_000
export const TOKEN_LASTS_MS = 20 * 3_600_000

/** A healthy collector that started an hour and a half ago. */
export function createWorld(random: Random, { indices, intervalSec, nowMs }: WorldOptions): World {
  const lastDurationSec = rounded(random.between(0.5, 1.2), 3)
  return {
    app: {
      version: '1.4.2',
      pid: random.whole(2000, 9999),
      host: 'desk-3',
      startedAtMs: nowMs - RUNNING_FOR_MS,
    },
    loop: {
      cycle: random.whole(60, 140),
      intervalSec,
      lastStartMs: nowMs - Math.round(lastDurationSec * 1000),
      lastDurationSec,
      successPct: rounded(random.between(96, 99.5), 2),
      avgMs: random.whole(700, 900),
      p95Ms: random.whole(1000, 1300),
    },
    indices: indices.map(name => createIndex(random, name)),
    pcr: rounded(random.between(0.8, 1.1), 2),
    alerts: [],
    resources: {
      cpuPct: rounded(random.between(12, 30), 1),
      rssBytes: Math.round(random.between(180, 260) * BYTES_PER_MB),
    },
    storage: {
      lagSec: rounded(random.between(0.5, 2), 2),
      queueDepth: random.whole(2, 8),
      lastFlushAgeSec: rounded(random.between(1, 4), 1),
      lastWriteMs: nowMs,
      csvFiles: random.whole(12, 24),
      csvRecords: random.whole(30_000, 50_000),
      csvErrors: 0,
      csvDiskMb: rounded(random.between(90, 140), 1),
      points: random.whole(70_000, 110_000),
      pointsSuccessPct: 99.9,
      influxHealthy: true,
      queryMs: rounded(random.between(15, 30), 1),
      backupAgeHours: 3.5,
    },
    perf: {
      apiMs: rounded(random.between(60, 110), 1),
      optionsPerSec: rounded(random.between(120, 160), 1),
      p95CycleMs: random.whole(850, 1000),
      apiSuccessPct: rounded(random.between(98, 99.9), 1),
    },
    provider: {
      latencyMs: random.whole(50, 120),
      authValid: true,
      authExpiryMs: nowMs + TOKEN_LASTS_MS,
      lastBackoffMs: nowMs - RUNNING_FOR_MS / 2,
    },
    health: { collector: 'ok', sinks: 'ok', provider: 'ok' },
    backlogRatio: rounded(random.between(0.02, 0.15), 2),
    logMark: mark(random),
  }
}

/** Eight hexadecimal digits. */
export function mark(random: Random): string {
  return random.whole(0, 0xffff_ffff).toString(16).padStart(8, '0')
}
