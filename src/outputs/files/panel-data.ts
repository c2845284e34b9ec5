// The `data` of each panel file, as a pure function of the snapshot: the members that the documented consumers of these
// files read (`index`, `age`, `memory_rss_mb`, performance as a flat map, …) and everything else the panel knows.
import type { Board } from '../../board/board.js'
import { withoutUserInfo } from '../../panels/links.js'
import type { AlertLevel, Snapshot } from '../../snapshot/snapshot.js'

/** Content of panel files that is not in the snapshot. */
export type PanelFileContext = {
  /** `G6_METRICS_URL`; null where it is not set. */
  readonly metricsUrl: string | null
}

export type PanelFile = {
  /** The name of the panel in its file; with `_enveloped.json` it is the name of the file. */
  readonly name: string
  /** What metrics call it. */
  readonly panel: string
  /** The panel of the board that shows the same. */
  readonly boardPanel: string
  readonly data: (snapshot: Snapshot, context: PanelFileContext) => unknown
  /** Members of the envelope besides `data`, where `data` is a list and has no room for them. */
  readonly envelopeMembers?: (snapshot: Snapshot) => Readonly<Record<string, unknown>>
}

export const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

/** The file of a custom panel: what the board shows of it; null while it is not shown. */
export function customFile(key: string, { panels }: Board): PanelFile {
  const panel = panels.get(key)
  const data =
    panel === undefined
      ? null
      : { title: panel.title, tone: panel.tone, lines: panel.lines, blocks: panel.blocks }
  return { name: key, panel: key, boardPanel: key, data: () => data }
}

const LEVEL_WORDS: Readonly<Record<AlertLevel, string>> = {
  critical: 'CRITICAL',
  warn: 'WARNING',
  info: 'INFO',
}

export const PANEL_FILES: readonly PanelFile[] = [
  {
    name: 'indices_panel',
    panel: 'indices',
    boardPanel: 'indices',
    data: ({ indices, coverage }) => ({
      count: coverage.indicesCount,
      items: indices.map(index => ({
        index: index.name,
        name: index.name,
        ltp: index.ltp,
        change_pct: index.changePct,
        status: index.status,
        age: index.ageSec,
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
    name: 'alerts',
    panel: 'alerts',
    boardPanel: 'alerts',
    data: ({ alerts }) =>
      alerts.items.map(({ atMs, level, component, message }) => ({
        time: isoTime(atMs),
        level: LEVEL_WORDS[level],
        severity: level,
        component,
        message,
      })),
    envelopeMembers: ({ alerts }) => ({ total: alerts.total, by_severity: alerts.bySeverity }),
  },
  {
    name: 'system',
    panel: 'system',
    boardPanel: 'resources',
    data: ({ resources, storage, app, market, config, cycle }) => ({
      memory_rss_mb: resources.memoryMb,
      cycle: cycle.number,
      last_duration: cycle.lastDurationSec,
      interval: cycle.intervalSec,
      cpu_pct: resources.cpuPct,
      memory_mb: resources.memoryMb,
      version: app.version,
      started_at: isoTime(app.startedAtMs),
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
    name: 'performance',
    panel: 'performance',
    boardPanel: 'perfstore',
    // A metric with the name of one of our members is under `metrics` only.
    data: ({ perf, provider, health }) => ({
      ...perf,
      metrics: perf,
      provider: { name: provider.name, latency_ms: provider.latencyMs, auth_valid: provider.authValid },
      health,
    }),
  },
  {
    name: 'analytics',
    panel: 'analytics',
    boardPanel: 'analytics',
    data: ({ analytics }) => ({ pcr: analytics.pcr, max_pain: analytics.maxPain }),
  },
  {
    name: 'links',
    panel: 'links',
    boardPanel: 'links',
    // The status's own links win: one of them may be called `version`.
    data: ({ links, app }, { metricsUrl }) => ({
      metrics_url: metricsUrl === null ? null : withoutUserInfo(metricsUrl),
      version: app.version,
      ...Object.fromEntries(Object.entries(links).map(([name, url]) => [name, withoutUserInfo(url)])),
    }),
  },
]
