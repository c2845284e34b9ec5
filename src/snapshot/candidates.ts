// The candidate table: for every plain field of the snapshot the paths at which a status may have it, in order, for the nested
// writer, the flat writer and any mixture. Lists and maps have their own files (indices, alerts, records).
import { field, from } from './pick.js'
import { percent, rate } from './rate.js'
import type { MarketState } from './snapshot.js'
import { timeMs } from './time.js'
import { flag, measured, number, text } from './value.js'
import type { SourceZone } from './zone.js'

const BYTES_PER_MB = 1_048_576
/** `memory.rss` above this is bytes, below it is megabytes: no process is smaller than 10 kB or larger than 10 TB. */
const RSS_IS_BYTES_ABOVE = 10_000

function openFlag(value: unknown): Exclude<MarketState, null> | null {
  const open = flag(value)
  return open === null ? null : open ? 'open' : 'closed'
}

/** Words for a closed market. */
const CLOSED: readonly string[] = ['closed', 'close', 'holiday', 'weekend']

function openWord(value: unknown): Exclude<MarketState, null> | null | undefined {
  const word = text(value)?.toLowerCase()
  if (word === 'open') return 'open'
  if (word !== undefined && CLOSED.includes(word)) return 'closed'
  // Any other word (`PRE_OPEN`) is valid but unknown.
  return word === undefined ? null : undefined
}

/** A bare time of day has no date, so it names no moment: it is valid but not read. */
function timeOrTimeOfDay(value: unknown, zone: SourceZone): number | null | undefined {
  const atMs = timeMs(value, zone)
  return atMs === null && typeof value === 'string' && /^\d{1,2}:\d{2}(:\d{2})?$/.test(value)
    ? undefined
    : atMs
}

function megabytesOfBytes(value: unknown): number | null | undefined {
  const bytes = measured(value)
  return typeof bytes === 'number' ? bytes / BYTES_PER_MB : bytes
}

function megabytesOfEither(value: unknown): number | null | undefined {
  const amount = measured(value)
  return typeof amount === 'number' && amount > RSS_IS_BYTES_ABOVE ? amount / BYTES_PER_MB : amount
}

export const APP = {
  name: field('app.name', from(text, 'app.name')),
  version: field('app.version', from(text, 'app.version', 'version')),
  startedAtMs: field('app.startedAtMs', from(timeMs, 'app.started_at')),
  uptimeSec: field('app.uptimeSec', from(number, 'app.uptime_sec', 'uptime_sec', 'uptime')),
}

export const MARKET = {
  state: field(
    'market.state',
    from(openFlag, 'market_open', 'equity_market_open'),
    from(openWord, 'market.status'),
  ),
  nextOpenMs: field(
    'market.nextOpenMs',
    from(timeOrTimeOfDay, 'next_market_open', 'market.next_open', 'market.next_open_hms'),
  ),
}

export const CYCLE = {
  number: field(
    'cycle.number',
    from(number, 'loop.cycle', 'loop.number', 'cycle', 'cycle.number', 'cycle.cycle'),
    from(number, 'last_cycle', 'last_cycle.number', 'last_cycle.cycle'),
  ),
  lastStartMs: field(
    'cycle.lastStartMs',
    from(timeMs, 'cycle.start', 'cycle.last_start', 'last_cycle_start'),
    from(timeMs, 'loop.last_start', 'loop.last_run', 'timestamp'),
  ),
  lastDurationSec: field(
    'cycle.lastDurationSec',
    from(
      number,
      'cycle.duration',
      'cycle.last_duration',
      'last_cycle_duration',
      'loop.last_duration',
      'elapsed',
    ),
  ),
  success: field(
    'cycle.successPct',
    from(rate, 'cycle.success_rate'),
    from(percent, 'cycle.success_rate_pct'),
    from(rate, 'loop.success_rate'),
    from(percent, 'success_rate_pct'),
  ),
  intervalSec: field('cycle.intervalSec', from(number, 'interval', 'loop.target_interval', 'loop.interval')),
  nextRunInSec: field(
    'cycle.nextRunInSec',
    from(number, 'loop.next_run_in_sec', 'loop.next_run_in', 'sleep_sec'),
  ),
  avgMs: field('cycle.avgMs', from(measured, 'loop.avg_cycle_ms')),
  p95Ms: field('cycle.p95Ms', from(measured, 'loop.p95_cycle_ms', 'loop.p95_ms')),
}

export const ALERTS = {
  total: field('alerts.total', from(number, 'alerts.total', 'alerts.alerts_total')),
}

export const RESOURCES = {
  cpuPct: field(
    'resources.cpuPct',
    from(number, 'resources.cpu_pct', 'resources.cpu_percent', 'resources.cpu', 'cpu_pct'),
  ),
  memoryMb: field(
    'resources.memoryMb',
    from(measured, 'resources.memory_mb', 'resources.mem_mb', 'resources.rss_mb'),
    from(megabytesOfBytes, 'resources.rss'),
    from(measured, 'memory.rss_mb'),
    from(megabytesOfEither, 'memory.rss'),
    from(measured, 'memory_mb'),
  ),
}

export const STORAGE = {
  lag: field('storage.lag', from(number, 'storage.lag', 'storage.backlog')),
  queueDepth: field('storage.queueDepth', from(number, 'storage.queue_depth', 'storage.pending')),
  lastFlushAgeSec: field(
    'storage.lastFlushAgeSec',
    from(number, 'storage.last_flush_age_sec', 'storage.last_flush_age', 'storage.flush_age_sec'),
  ),
}

export const PROVIDER = {
  name: field(
    'provider.name',
    from(text, 'provider.name', 'provider.primary', 'provider'),
    from(text, 'providers.name', 'providers.primary', 'providers'),
  ),
  latencyMs: field('provider.latencyMs', from(measured, 'provider.latency_ms', 'providers.latency_ms')),
  authValid: field(
    'provider.authValid',
    from(
      flag,
      'provider.auth.valid',
      'provider.token.valid',
      'providers.auth.valid',
      'providers.token.valid',
    ),
  ),
  authExpiryMs: field(
    'provider.authExpiryMs',
    from(timeMs, 'provider.auth.expiry', 'provider.expiry', 'providers.auth.expiry', 'providers.expiry'),
  ),
  status: field(
    'provider.status',
    from(text, 'provider.status', 'provider.state', 'providers.status', 'providers.state'),
  ),
  lastBackoffMs: field(
    'provider.lastBackoffMs',
    from(timeMs, 'provider.last_backoff', 'provider.last_backoff_ts', 'provider.backoff.last'),
    from(timeMs, 'providers.last_backoff', 'providers.last_backoff_ts', 'providers.backoff.last'),
  ),
}

export const CONFIG = { env: field('config.env', from(text, 'config.env')) }

/** A smaller number is a duration or a count, whatever its name; text has a year. */
const EARLIEST_MS = Date.UTC(2000, 0, 1)
/** As seconds this is the year 5138: a larger number is epoch milliseconds. */
const MILLISECONDS_ABOVE = 1e11

function writtenMs(value: unknown, zone: SourceZone): number | null {
  const given = number(value)
  const atMs = timeMs(given !== null && given > MILLISECONDS_ABOVE ? given / 1000 : value, zone)
  return atMs !== null && atMs >= EARLIEST_MS ? atMs : null
}

/** When the document says it was written. */
export const DOCUMENT = {
  writtenAtMs: field('writtenAtMs', from(writtenMs, 'timestamp', 'ts', 'time', 'updated_at', 'generated_at')),
}

export const ADAPTIVE = {
  backlogRatio: field(
    'adaptiveBacklogRatio',
    from(number, 'adaptive.backlog_ratio', 'adaptive_backlog_ratio'),
  ),
}
