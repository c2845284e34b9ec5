// The snapshot: one immutable, typed view derived from one status document. Every field has a value of the right type or is null,
// which means "not in the document" and is shown as `—`.
import type { Status } from './status.js'

export type MarketState = 'open' | 'closed' | null

export type IndexRow = {
  readonly name: string
  readonly ltp: number | null
  readonly changePct: number | null
  /** Lower-cased; `ok`, `warn`, `stale`, `error` are known, anything else is kept as given. */
  readonly status: string | null
  readonly ageSec: number | null
  /** Legs of this cycle. */
  readonly legs: number | null
  /** Average legs of a cycle. */
  readonly legsAverage: number | null
  /** Legs that failed. */
  readonly fails: number | null
  readonly dqPct: number | null
  readonly dqIssues: number | null
  readonly successPct: number | null
  readonly options: number | null
}

export type AlertLevel = 'critical' | 'warn' | 'info'

export type Alert = {
  readonly atMs: number | null
  readonly level: AlertLevel
  readonly component: string | null
  readonly message: string
}

/** Analytics of one index. */
export type IndexAnalytics = {
  readonly name: string
  readonly pcr: number | null
  readonly maxPain: number | null
  /** Implied volatility, %. */
  readonly iv: number | null
  readonly expiries: readonly {
    readonly expiry: string
    readonly pcr: number | null
    readonly maxPain: number | null
    readonly iv: number | null
  }[]
}

export type Provider = {
  readonly name: string | null
  /** Its state word, as given. */
  readonly status: string | null
  readonly latencyMs: number | null
  readonly authValid: boolean | null
  readonly authExpiryMs: number | null
  /** When the provider last backed off, epoch ms. */
  readonly lastBackoffMs: number | null
}

/** Scalars of a sink as given (`sinks.csv.*`); null when the status has no such sink. */
export type SinkValues = Readonly<Record<string, string | number | boolean>> | null

export type Snapshot = {
  /** When the document says it was written, epoch ms. */
  readonly writtenAtMs: number | null
  readonly app: {
    readonly name: string | null
    readonly version: string | null
    readonly startedAtMs: number | null
    readonly uptimeSec: number | null
  }
  readonly market: {
    readonly state: MarketState
    readonly nextOpenMs: number | null
    /** Whether trading hours decide the state: the status has indices but no market state (`marketAt`). */
    readonly keepsTradingHours: boolean
  }
  readonly cycle: {
    readonly number: number | null
    readonly lastStartMs: number | null
    readonly lastDurationSec: number | null
    readonly successPct: number | null
    readonly intervalSec: number | null
    readonly nextRunInSec: number | null
    readonly avgMs: number | null
    readonly p95Ms: number | null
  }
  readonly indices: readonly IndexRow[]
  /** Data quality of the indices that have a score. Apart from `indices`, because prices change with every status and scores do not. */
  readonly quality: readonly { readonly name: string; readonly dqPct: number }[]
  readonly alerts: {
    readonly items: readonly Alert[]
    readonly total: number | null
    readonly bySeverity: Readonly<Record<string, number>>
  }
  readonly analytics: {
    readonly pcr: number | null
    readonly maxPain: Readonly<Record<string, number>>
    readonly byIndex: readonly IndexAnalytics[]
  }
  readonly resources: { readonly cpuPct: number | null; readonly memoryMb: number | null }
  readonly storage: {
    readonly lag: number | null
    readonly queueDepth: number | null
    readonly lastFlushAgeSec: number | null
    readonly csv: SinkValues
    readonly influxdb: SinkValues
    readonly backup: SinkValues
  }
  readonly perf: Readonly<Record<string, number>>
  readonly provider: Provider
  /** Component name → state word. */
  readonly health: Readonly<Record<string, string>>
  readonly links: Readonly<Record<string, string>>
  readonly config: { readonly env: string | null }
  readonly coverage: { readonly indicesCount: number }
  /** The status's own `adaptive.backlog_ratio` (or `adaptive_backlog_ratio`). */
  readonly adaptiveBacklogRatio: number | null
  /** Values of a wrong type, shown as missing: their number, and the path of the first. */
  readonly wrongTypes: { readonly count: number; readonly first: string | null }
  /** Faults of numbers in the text of the document: one sentence for each kind. */
  readonly dataWarnings: readonly string[]
  /** Members that were counted and not kept, by the path of their list or map: panels say that there are more. */
  readonly omitted: Readonly<Record<string, number>>
  /** For the dossier: field → the path that gave it. */
  readonly origins: Readonly<Record<string, string>>
  readonly raw: Status
}
