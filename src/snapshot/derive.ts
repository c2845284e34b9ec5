// Derives the typed snapshot of a raw status. Total: any JSON object gives a snapshot; values of a wrong type count as missing.
import { alertsOf } from './alerts.js'
import { analyticsOf } from './analytics.js'
import * as table from './candidates.js'
import { indicesOf } from './indices.js'
import { Notes } from './notes.js'
import { type Field, pick } from './pick.js'
import { percentOf, type Rate, type Scale, scaleOf } from './rate.js'
import type { Status } from './reading.js'
import { healthOf, linksOf, perfOf, sinkOf } from './records.js'
import type { Snapshot } from './snapshot.js'
import type { SourceZone } from './zone.js'

/** When a document says it was written: its own time on the top level; null where it has none. */
export function documentTime(status: Status, zone: SourceZone = null): number | null {
  return pick(status, table.DOCUMENT.writtenAtMs, new Notes(zone))
}

/** Read like the rates of the indices where these are per cent, else by its own size. */
function cycleSuccess(rate: Rate | null, ofIndices: Scale): number | null {
  return percentOf(rate, ofIndices === 'percent' ? 'percent' : scaleOf([rate]))
}

/** The document does not contain these warnings: the loop adds them. */
const NONE: readonly string[] = []

/**
 * The snapshot of a status. `followUps` are further alerts, from ingest, read like those of the status. `zone` is the zone of times
 * that name none. Never throws and never changes its arguments.
 */
export function derive(
  status: Status,
  followUps: readonly unknown[] = [],
  zone: SourceZone = null,
): Snapshot {
  const notes = new Notes(zone)
  const take = <T>(wanted: Field<T>): T | null => pick(status, wanted, notes)
  const { APP, MARKET, CYCLE, RESOURCES, STORAGE, PROVIDER, CONFIG, DOCUMENT, ADAPTIVE } = table
  const number = take(CYCLE.number)
  const { rows, count, scale } = indicesOf(status, number, notes)
  const state = take(MARKET.state)
  return {
    writtenAtMs: take(DOCUMENT.writtenAtMs),
    app: {
      name: take(APP.name),
      version: take(APP.version),
      startedAtMs: take(APP.startedAtMs),
      uptimeSec: take(APP.uptimeSec),
    },
    market: {
      state,
      nextOpenMs: take(MARKET.nextOpenMs),
      keepsTradingHours:
        state === null && (number === null ? rows.some(({ ltp }) => ltp !== null) : count > 0),
    },
    cycle: {
      number,
      lastStartMs: take(CYCLE.lastStartMs),
      lastDurationSec: take(CYCLE.lastDurationSec),
      successPct: cycleSuccess(take(CYCLE.success), scale),
      intervalSec: take(CYCLE.intervalSec),
      nextRunInSec: take(CYCLE.nextRunInSec),
      avgMs: take(CYCLE.avgMs),
      p95Ms: take(CYCLE.p95Ms),
    },
    indices: rows,
    quality: rows.flatMap(({ name, dqPct }) => (dqPct === null ? [] : [{ name, dqPct }])),
    alerts: alertsOf(status, followUps, notes),
    analytics: analyticsOf(status, notes),
    resources: { cpuPct: take(RESOURCES.cpuPct), memoryMb: take(RESOURCES.memoryMb) },
    storage: {
      lag: take(STORAGE.lag),
      queueDepth: take(STORAGE.queueDepth),
      lastFlushAgeSec: take(STORAGE.lastFlushAgeSec),
      csv: sinkOf(status, 'csv', ['csv', 'csv_sink'], notes),
      influxdb: sinkOf(status, 'influxdb', ['influxdb', 'influx', 'influxdb_sink', 'influx_sink'], notes),
      backup: sinkOf(status, 'backup', ['backup', 'backup_sink'], notes),
    },
    perf: perfOf(status, notes),
    provider: {
      name: take(PROVIDER.name),
      status: take(PROVIDER.status),
      latencyMs: take(PROVIDER.latencyMs),
      authValid: take(PROVIDER.authValid),
      authExpiryMs: take(PROVIDER.authExpiryMs),
      lastBackoffMs: take(PROVIDER.lastBackoffMs),
    },
    health: healthOf(status, notes),
    links: linksOf(status, notes),
    config: { env: take(CONFIG.env) },
    coverage: { indicesCount: count },
    adaptiveBacklogRatio: take(ADAPTIVE.backlogRatio),
    dataWarnings: NONE,
    omitted: notes.omitted,
    origins: notes.origins,
    raw: status,
    // Last: it counts what all others noted.
    wrongTypes: { count: notes.wrong, first: notes.firstWrong },
  }
}
