// A world as a status document, in the shape of either real writer or with the members of both.
import { changePctOf, type IndexState, statusOf } from './indices.js'
import { isMarketOpen, nextOpenMs } from './market-hours.js'
import { rounded } from './walk.js'
import { BYTES_PER_MB, type OpenAlert, type World } from './world.js'

export const SHAPES = ['nested', 'flat', 'both'] as const
export type Shape = (typeof SHAPES)[number]

export type StatusDocument = Readonly<Record<string, unknown>>

export type ShapeOptions = {
  readonly shape: Shape
  /** The market is open at every hour. */
  readonly openMarket: boolean
  readonly withAnalytics: boolean
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** To the second, as the writers format most times. */
function isoSeconds(ms: number): string {
  return `${iso(ms).slice(0, 19)}Z`
}

function byName<T>(indices: readonly IndexState[], of: (index: IndexState) => T): Record<string, T> {
  return Object.fromEntries(indices.map(index => [index.name, of(index)]))
}

function memoryMb({ resources }: World): number {
  return rounded(resources.rssBytes / BYTES_PER_MB, 2)
}

function cycleEndMs({ loop }: World): number {
  return loop.lastStartMs + Math.round(loop.lastDurationSec * 1000)
}

/** Seconds until the next cycle is due. */
function nextRunInSec({ loop }: World, nowMs: number): number {
  const leftMs = loop.lastStartMs + loop.intervalSec * 1000 - nowMs
  return Math.max(0, Math.round(leftMs / 1000))
}

function nestedDetail(index: IndexState): StatusDocument {
  const status = statusOf(index)
  return {
    status: status === 'ok' ? status : status.toUpperCase(),
    ltp: index.ltp,
    age_sec: index.ageSec,
    legs: index.legs,
    dq: { score_percent: index.dqPct, issues_total: index.dqIssues },
    success_rate: index.successPct,
  }
}

const NESTED_LEVELS = { critical: 'CRITICAL', warn: 'WARN', info: 'INFO' } as const
const FLAT_LEVELS = { critical: 'CRITICAL', warn: 'WARNING', info: 'INFO' } as const

function nestedAlert({ atMs, level, component, message }: OpenAlert): StatusDocument {
  return { time: isoSeconds(atMs), level: NESTED_LEVELS[level], component, message }
}

function flatAlert({ atMs, level, component, message }: OpenAlert): StatusDocument {
  const source = component.toLowerCase().replaceAll(' ', '_')
  return { timestamp: isoSeconds(atMs), severity: FLAT_LEVELS[level], source, message }
}

function severityCounts(alerts: readonly OpenAlert[]): Record<OpenAlert['level'], number> {
  const counts = { critical: 0, warn: 0, info: 0 }
  for (const { level } of alerts) counts[level] += 1
  return counts
}

function analytics({ pcr, indices }: World): StatusDocument {
  return { pcr, max_pain: byName(indices, ({ maxPain }) => maxPain) }
}

function sinks({ storage }: World): StatusDocument {
  return {
    csv: {
      last_write: isoSeconds(storage.lastWriteMs),
      files_created: storage.csvFiles,
      records: storage.csvRecords,
      write_errors: storage.csvErrors,
      disk_usage_mb: storage.csvDiskMb,
    },
    influxdb: {
      points_written: storage.points,
      write_success_rate: storage.pointsSuccessPct,
      connection_healthy: storage.influxHealthy,
      query_time_ms: storage.queryMs,
    },
    backup: {
      files_created: 4,
      last_backup: `${storage.backupAgeHours.toFixed(1)}h`,
      backup_size_mb: 410,
    },
  }
}

function links({ logMark }: World): StatusDocument {
  return {
    metrics: 'http://127.0.0.1:9108/metrics',
    cycle_log: `http://127.0.0.1:9108/logs/${logMark}`,
  }
}

/** The nested writer: maps by part and by index. */
function nested(world: World, nowMs: number, isOpen: boolean): StatusDocument {
  const { app, loop, indices, provider, health, resources, alerts } = world
  return {
    timestamp: iso(nowMs),
    app: {
      name: 'G6',
      version: app.version,
      pid: app.pid,
      host: app.host,
      started_at: isoSeconds(app.startedAtMs),
      uptime_sec: rounded(Math.max(0, nowMs - app.startedAtMs) / 1000, 1),
    },
    market: {
      status: isOpen ? 'OPEN' : 'CLOSED',
      segment: 'F&O',
      next_open: isoSeconds(nextOpenMs(nowMs)),
    },
    loop: {
      cycle: loop.cycle,
      last_run: isoSeconds(loop.lastStartMs),
      last_duration: loop.lastDurationSec,
      success_rate: loop.successPct,
      target_interval: loop.intervalSec,
      next_run_in_sec: nextRunInSec(world, nowMs),
      avg_cycle_ms: loop.avgMs,
      p95_cycle_ms: loop.p95Ms,
    },
    indices: byName(indices, index => ({ ltp: index.ltp, change: changePctOf(index) })),
    indices_detail: byName(indices, nestedDetail),
    provider: {
      name: 'kite',
      latency_ms: provider.latencyMs,
      auth: { valid: provider.authValid, expiry: isoSeconds(provider.authExpiryMs) },
      last_backoff: isoSeconds(provider.lastBackoffMs),
    },
    health,
    sinks: sinks(world),
    resources: { cpu: resources.cpuPct, rss: resources.rssBytes },
    config: { env: 'dev', output_level: 'INFO' },
    adaptive: { backlog_ratio: world.backlogRatio },
    alerts: alerts.map(nestedAlert),
    links: links(world),
  }
}

/** The flat writer: one level, lists, and null for what is missing. */
function flat(world: World, nowMs: number, isOpen: boolean): StatusDocument {
  const { loop, indices, perf, alerts } = world
  const isCollecting = loop.successPct >= 85
  return {
    timestamp: iso(cycleEndMs(world)),
    cycle: loop.cycle,
    elapsed: loop.lastDurationSec,
    interval: loop.intervalSec,
    sleep_sec: nextRunInSec(world, nowMs),
    success_rate_pct: loop.successPct,
    ...flatPerf(world),
    api_success_rate: perf.apiSuccessPct,
    memory_mb: memoryMb(world),
    cpu_pct: world.resources.cpuPct,
    market_open: isOpen,
    next_market_open: isoSeconds(nextOpenMs(nowMs)),
    adaptive_backlog_ratio: world.backlogRatio,
    readiness_ok: isCollecting,
    readiness_reason: isCollecting ? null : 'too few options collected',
    indices: indices.map(({ name }) => name),
    indices_info: byName(indices, index => {
      const isMissed = index.missedCycles > 0
      return { ltp: isMissed ? null : index.ltp, options: isMissed ? null : index.options }
    }),
    indices_detail: byName(indices, index => {
      const isMissed = index.missedCycles > 0
      return {
        status: statusOf(index).toUpperCase(),
        ltp: isMissed ? null : index.ltp,
        age_sec: isMissed ? null : index.ageSec,
        current_cycle_legs: index.legs,
        dq_score: index.dqPct,
        dq_issues: index.dqIssues,
      }
    }),
    alerts: alerts.map(flatAlert),
  }
}

function flatPerf({ indices, loop }: World): StatusDocument {
  const options = indices.reduce((sum, { options }) => sum + options, 0)
  return {
    options_last_cycle: options,
    options_per_minute: rounded((options * 60) / loop.intervalSec, 1),
  }
}

/** The nested document, the members that only the flat one has, and some that neither has. */
function both(world: World, nowMs: number, isOpen: boolean): StatusDocument {
  const { loop, indices, storage, perf, alerts, resources } = world
  return {
    ...nested(world, nowMs, isOpen),
    config: { env: 'prod', output_level: 'INFO' },
    cycle: {
      number: loop.cycle,
      start: isoSeconds(loop.lastStartMs),
      duration: loop.lastDurationSec,
      success_rate: loop.successPct,
    },
    interval: loop.intervalSec,
    indices_info: byName(indices, ({ ltp, options }) => ({ ltp, options })),
    resources: {
      cpu: resources.cpuPct,
      rss: resources.rssBytes,
      cpu_pct: resources.cpuPct,
      memory_mb: memoryMb(world),
    },
    memory: { rss_mb: memoryMb(world) },
    storage: {
      lag: storage.lagSec,
      queue_depth: storage.queueDepth,
      last_flush_age: storage.lastFlushAgeSec,
    },
    performance: {
      api_ms: perf.apiMs,
      options_per_sec: perf.optionsPerSec,
      p95_cycle_ms: perf.p95CycleMs,
    },
    ...flatPerf(world),
    api_success_rate: perf.apiSuccessPct,
    alerts: { total: alerts.length, severity_counts: severityCounts(alerts) },
    events: alerts.map(nestedAlert),
  }
}

const WRITERS = { nested, flat, both } as const

/** The status document of a world at this moment. */
export function writeDown(world: World, nowMs: number, options: ShapeOptions): StatusDocument {
  const isOpen = options.openMarket || isMarketOpen(nowMs)
  const document = WRITERS[options.shape](world, nowMs, isOpen)
  return options.withAnalytics ? { ...document, analytics: analytics(world) } : document
}
