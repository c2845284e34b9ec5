// One typed view of one raw status. Total: any JSON object gives a snapshot, whatever its members are; what is not of
// the right type counts as not said.
import { alertsOf } from './alerts.js'
import * as table from './candidates.js'
import { indicesOf } from './indices.js'
import { type Field, pick } from './pick.js'
import type { Status } from './reading.js'
import { healthOf, linksOf, maxPainOf, perfOf, sinkOf } from './records.js'
import type { Snapshot } from './snapshot.js'
import { emptyRecord } from './value.js'

/** The document does not say how it was read; the loop does. */
const NONE: readonly string[] = []

/**
 * The snapshot of a status. `followUps` are alerts that came beside the status (ingest), read like the status's own.
 * Never throws and never changes its arguments.
 */
export function derive(status: Status, followUps: readonly unknown[] = []): Snapshot {
  const origins = emptyRecord<string>()
  const take = <T>(wanted: Field<T>): T | null => pick(status, wanted, origins)
  const { rows, count } = indicesOf(status, origins)
  const { APP, MARKET, CYCLE, ANALYTICS, RESOURCES, STORAGE, PROVIDER, CONFIG, ADAPTIVE } = table
  return {
    app: {
      name: take(APP.name),
      version: take(APP.version),
      startedAtMs: take(APP.startedAtMs),
      uptimeSec: take(APP.uptimeSec),
    },
    market: { state: take(MARKET.state), nextOpenMs: take(MARKET.nextOpenMs) },
    cycle: {
      number: take(CYCLE.number),
      lastStartMs: take(CYCLE.lastStartMs),
      lastDurationSec: take(CYCLE.lastDurationSec),
      successPct: take(CYCLE.successPct),
      intervalSec: take(CYCLE.intervalSec),
      nextRunInSec: take(CYCLE.nextRunInSec),
      avgMs: take(CYCLE.avgMs),
      p95Ms: take(CYCLE.p95Ms),
    },
    indices: rows,
    alerts: alertsOf(status, followUps, origins),
    analytics: { pcr: take(ANALYTICS.pcr), maxPain: maxPainOf(status, origins) },
    resources: { cpuPct: take(RESOURCES.cpuPct), memoryMb: take(RESOURCES.memoryMb) },
    storage: {
      lag: take(STORAGE.lag),
      queueDepth: take(STORAGE.queueDepth),
      lastFlushAgeSec: take(STORAGE.lastFlushAgeSec),
      csv: sinkOf(status, 'csv', origins),
      influxdb: sinkOf(status, 'influxdb', origins),
      backup: sinkOf(status, 'backup', origins),
    },
    perf: perfOf(status, origins),
    provider: {
      name: take(PROVIDER.name),
      latencyMs: take(PROVIDER.latencyMs),
      authValid: take(PROVIDER.authValid),
      authExpiryMs: take(PROVIDER.authExpiryMs),
      lastBackoffMs: take(PROVIDER.lastBackoffMs),
    },
    health: healthOf(status, origins),
    links: linksOf(status, origins),
    config: { env: take(CONFIG.env) },
    coverage: { indicesCount: count },
    adaptiveBacklogRatio: take(ADAPTIVE.backlogRatio),
    dataWarnings: NONE,
    origins,
    raw: status,
  }
}
