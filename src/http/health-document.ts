// What /summary/health says, as a pure function of what the loop and the hub know, and the schema of it.
import { z } from 'zod'
import { SCHEMA_VERSION } from '../board/board.js'
import type { CycleResult, LoopStats, PanelTiming } from '../engine/cycle.js'
import { STATUS_STATES } from '../engine/cycle.js'
import type { HubStats } from '../hub/hub-types.js'
import { adaptiveStream, panelPushMeta } from '../ingest/enrichment.js'

const count = z.int().nonnegative()
const ratio = z.number().nullable()

const diffStats = z.strictObject({
  cycles: count,
  unchanged_cycles: count,
  hit_ratio: ratio,
  hit_ratio_5m: ratio,
  total_panel_updates: count,
  avg_updates_per_cycle: z.number(),
  last_cycle_updates: count,
})
const timing = z.record(
  z.string(),
  z.strictObject({ avg_ms: z.number(), p95_ms: z.number(), total_ms: z.number(), calls: count }),
)
const publisher = {
  events_total: count,
  panel_updates: count,
  full_snapshots: count,
  heartbeats: count,
  errors: count,
}

export const healthSchema = z.looseObject({
  ok: z.literal(true),
  status: z.enum(['ok', 'starting', 'stale', 'draining']),
  cycle: count,
  schema_version: z.literal(SCHEMA_VERSION),
  version: z.string(),
  uptime_sec: z.number(),
  diff: diffStats,
  diff_stats: diffStats,
  panel_updates_last: count,
  hit_ratio: ratio,
  churn_ratio: z.number(),
  high_churn_streak: count,
  churn_anomalies: count,
  timing,
  sse: z.strictObject({
    clients: count,
    events_sent: count,
    ...publisher,
    events_merged: count,
    bytes_sent: count,
    behind: count,
  }),
  status_file: z.strictObject({
    state: z.enum(STATUS_STATES),
    age_sec: z.number().nullable(),
    error: z.string().optional(),
    /** What is wrong with numbers of the document that is shown. */
    warnings: z.array(z.string()).readonly().optional(),
  }),
  panel_push_meta: z.looseObject({
    diff_stats: diffStats,
    timing,
    sse_publisher: z.strictObject(publisher),
    shared_hashes: z.record(z.string(), z.string()),
  }),
  /** Where a status stream is followed. */
  adaptive_stream: z
    .looseObject({
      severity_counts: z.record(z.string(), z.number()).nullable(),
      severity_state: z.record(z.string(), z.unknown()),
      followup_alerts: z.array(z.unknown()).readonly(),
    })
    .optional(),
  adaptive: z.strictObject({ backlog_ratio: z.number().nullable() }),
})

export type HealthDocument = z.infer<typeof healthSchema>

export type HealthFacts = {
  /** The newest cycle; null before the first. */
  readonly result: CycleResult | null
  /** Null when nothing is streamed. */
  readonly hub: HubStats | null
  readonly version: string
  readonly uptimeSec: number
  readonly draining: boolean
}

/** Milliseconds are as fine as anybody can use. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}

function diffOf(stats: LoopStats | undefined): HealthDocument['diff'] {
  const cycles = stats?.cycles ?? 0
  const updates = stats?.totalPanelUpdates ?? 0
  return {
    cycles,
    unchanged_cycles: stats?.unchangedCycles ?? 0,
    hit_ratio: stats?.hitRatio ?? null,
    hit_ratio_5m: stats?.hitRatio5m ?? null,
    total_panel_updates: updates,
    avg_updates_per_cycle: cycles === 0 ? 0 : rounded(updates / cycles),
    last_cycle_updates: stats?.lastCycleUpdates ?? 0,
  }
}

function timingOf(panels: Readonly<Record<string, PanelTiming>>): HealthDocument['timing'] {
  const shown = Object.entries(panels).map(([key, { avgMs, p95Ms, totalMs, calls }]) => [
    key,
    { avg_ms: rounded(avgMs), p95_ms: rounded(p95Ms), total_ms: rounded(totalMs), calls },
  ])
  return Object.fromEntries(shown)
}

function publisherOf(hub: HubStats | null): HealthDocument['panel_push_meta']['sse_publisher'] {
  const of = (name: string): number => hub?.byType[name] ?? 0
  return {
    events_total: hub?.eventsTotal ?? 0,
    panel_updates: of('panel_update') + of('panel_update_structured'),
    full_snapshots: of('full_snapshot'),
    heartbeats: of('heartbeat'),
    errors: of('error'),
  }
}

function statusOf({ result, draining }: HealthFacts): HealthDocument['status'] {
  if (draining) return 'draining'
  if (result === null || result.board.generation === 0) return 'starting'
  return result.source.state === 'fresh' ? 'ok' : 'stale'
}

function statusFileOf(result: CycleResult | null): HealthDocument['status_file'] {
  const source = result?.source
  const warnings = result?.snapshot?.dataWarnings ?? []
  const state = source?.state ?? 'starting'
  const ageSec = source?.ageSec ?? null
  const error = source?.error ?? null
  return {
    state,
    age_sec: ageSec === null ? null : rounded(ageSec),
    ...(error === null ? {} : { error }),
    ...(warnings.length === 0 ? {} : { warnings }),
  }
}

export function healthDocument(facts: HealthFacts): HealthDocument {
  const { result, hub, version, uptimeSec } = facts
  const stats = result?.stats
  const ingest = stats?.ingest?.[0]
  const diff = diffOf(stats)
  const panels = timingOf(stats?.timing() ?? {})
  const events = publisherOf(hub)
  const hashes = [...(result?.board.panels.values() ?? [])].map(({ key, hash }) => [key, hash])
  return {
    ok: true,
    status: statusOf(facts),
    cycle: result?.board.cycle ?? 0,
    schema_version: SCHEMA_VERSION,
    version,
    uptime_sec: rounded(uptimeSec),
    diff,
    diff_stats: diff,
    panel_updates_last: diff.last_cycle_updates,
    hit_ratio: diff.hit_ratio,
    churn_ratio: stats?.churnRatio ?? 0,
    high_churn_streak: stats?.highChurnStreak ?? 0,
    churn_anomalies: stats?.churnAnomalies ?? 0,
    timing: panels,
    sse: {
      clients: hub?.clients ?? 0,
      events_sent: hub?.eventsSent ?? 0,
      ...events,
      events_merged: hub?.eventsMerged ?? 0,
      bytes_sent: hub?.bytesSent ?? 0,
      behind: hub?.behind ?? 0,
    },
    status_file: statusFileOf(result),
    panel_push_meta: {
      diff_stats: diff,
      timing: panels,
      sse_publisher: events,
      shared_hashes: Object.fromEntries(hashes),
      ...(ingest === undefined ? {} : panelPushMeta(ingest)),
    },
    ...(ingest === undefined ? {} : { adaptive_stream: adaptiveStream(ingest) }),
    adaptive: { backlog_ratio: result?.snapshot?.adaptiveBacklogRatio ?? null },
  }
}
