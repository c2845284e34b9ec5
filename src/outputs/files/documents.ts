// What the panel files say, as pure functions of a cycle's result. `data` of each is what operators know by these names.
import { type Board, SCHEMA_VERSION } from '../../board/board.js'
import type { CycleResult } from '../../engine/cycle.js'
import type { Snapshot } from '../../snapshot/snapshot.js'

export type FileName =
  | 'indices_panel_enveloped.json'
  | 'alerts_enveloped.json'
  | 'system_enveloped.json'
  | 'performance_enveloped.json'
  | 'analytics_enveloped.json'
  | 'links_enveloped.json'

/** One enveloped file: which panel of the board it goes with, and its data. */
type Enveloped = {
  readonly file: FileName
  readonly panel: string
  readonly boardPanel: string
  readonly data: (snapshot: Snapshot) => unknown
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

export const ENVELOPED: readonly Enveloped[] = [
  {
    file: 'indices_panel_enveloped.json',
    panel: 'indices',
    boardPanel: 'indices',
    data: ({ indices, coverage }) => ({
      count: coverage.indicesCount,
      items: indices.map(index => ({
        name: index.name,
        ltp: index.ltp,
        change_pct: index.changePct,
        status: index.status,
        age_sec: index.ageSec,
        legs: index.legs,
        dq_score: index.dqPct,
        dq_issues: index.dqIssues,
        success_rate: index.successPct,
        options: index.options,
      })),
    }),
  },
  {
    file: 'alerts_enveloped.json',
    panel: 'alerts',
    boardPanel: 'alerts',
    data: ({ alerts }) => ({
      total: alerts.total,
      by_severity: alerts.bySeverity,
      items: alerts.items.map(({ atMs, level, component, message }) => ({
        time: iso(atMs),
        level,
        component,
        message,
      })),
    }),
  },
  {
    file: 'system_enveloped.json',
    panel: 'system',
    boardPanel: 'resources',
    data: ({ resources, storage, app, market, config }) => ({
      cpu_pct: resources.cpuPct,
      memory_mb: resources.memoryMb,
      version: app.version,
      started_at: iso(app.startedAtMs),
      market: market.state,
      env: config.env,
      storage: {
        lag: storage.lag,
        queue_depth: storage.queueDepth,
        last_flush_age_sec: storage.lastFlushAgeSec,
        csv: storage.csv,
        influxdb: storage.influxdb,
        backup: storage.backup,
      },
    }),
  },
  {
    file: 'performance_enveloped.json',
    panel: 'performance',
    boardPanel: 'perfstore',
    data: ({ perf, provider, health }) => ({
      metrics: perf,
      provider: { name: provider.name, latency_ms: provider.latencyMs, auth_valid: provider.authValid },
      health,
    }),
  },
  {
    file: 'analytics_enveloped.json',
    panel: 'analytics',
    boardPanel: 'analytics',
    data: ({ analytics }) => ({ pcr: analytics.pcr, max_pain: analytics.maxPain }),
  },
  {
    file: 'links_enveloped.json',
    panel: 'links',
    boardPanel: 'links',
    data: ({ links }) => links,
  },
]

export const SNAPSHOT_FILE = 'unified_snapshot.json'
export const MANIFEST_FILE = 'manifest.json'

const seconds = (ms: number): number => ms / 1000

/** Everything of the unified snapshot but its times: what decides whether it is written again. */
export function snapshotFacts({ snapshot, source }: CycleResult) {
  return {
    schema_version: SCHEMA_VERSION,
    indices_count: snapshot?.coverage.indicesCount ?? 0,
    alerts_total: snapshot?.alerts.total ?? 0,
    errors: source.error === null ? [] : [{ kind: source.state, message: source.error }],
  }
}

/** Times: `ts_built` and `generated_at` epoch seconds, `updated_at` ISO. */
export function snapshotDocument(result: CycleResult) {
  const { board } = result
  const { schema_version, ...facts } = snapshotFacts(result)
  return { schema_version, cycle: board.cycle, ts_built: seconds(board.builtAtMs), ...facts }
}

export function envelope(entry: Enveloped, data: unknown, board: Board) {
  return {
    panel: entry.panel,
    version: 1,
    generated_at: seconds(board.builtAtMs),
    updated_at: iso(board.builtAtMs),
    data,
    meta: {
      source: 'summary',
      schema: SCHEMA_VERSION,
      hash: board.panels.get(entry.boardPanel)?.hash ?? null,
    },
  }
}

/** Written last: whoever reads it finds every file it names. */
export function manifestDocument(result: CycleResult, files: readonly string[], generator: string) {
  const { board, snapshot } = result
  const version = snapshot?.app.version ?? null
  return {
    schema_version: SCHEMA_VERSION,
    generator,
    cycle: board.cycle,
    ts: seconds(board.builtAtMs),
    files,
    indices_count: snapshot?.coverage.indicesCount ?? 0,
    alerts_total: snapshot?.alerts.total ?? 0,
    hashes: Object.fromEntries(
      ENVELOPED.map(({ panel, boardPanel }) => [panel, board.panels.get(boardPanel)?.hash ?? null]),
    ),
    ...(version === null ? {} : { app_version: version }),
  }
}
