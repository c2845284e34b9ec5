// `panel_push_meta`: what the loop, the stream and the followed streams report, under the names operators know. Rendered here for
// every document that has it (health, dossier); pure.
import { z } from 'zod'
import type { CycleResult, LoopStats, PanelTiming } from '../engine/cycle.js'
import type { HubStats } from '../hub/hub-types.js'
import { followedMeta } from '../ingest/enrichment.js'

const count = z.int().nonnegative()
const ratio = z.number().nullable()

export const diffStatsSchema = z.lazy(() =>
  z.strictObject({
    cycles: count,
    unchanged_cycles: count,
    hit_ratio: ratio,
    hit_ratio_5m: ratio,
    total_panel_updates: count,
    avg_updates_per_cycle: z.number(),
    last_cycle_updates: count,
  }),
)
export const timingSchema = z.lazy(() =>
  z.record(
    z.string(),
    z.strictObject({ avg_ms: z.number(), p95_ms: z.number(), total_ms: z.number(), calls: count }),
  ),
)
export const publisherSchema = z.lazy(() =>
  z.strictObject({
    events_total: count,
    panel_updates: count,
    full_snapshots: count,
    heartbeats: count,
    errors: count,
  }),
)

/** And, where status streams are followed, the members of `FollowedMeta`. */
export const panelPushMetaSchema = z.lazy(() =>
  z.looseObject({
    diff_stats: diffStatsSchema,
    timing: timingSchema,
    sse_publisher: publisherSchema,
    shared_hashes: z.record(z.string(), z.string()),
  }),
)

type PanelPushMeta = z.infer<typeof panelPushMetaSchema>

function diffStatsOf(stats: LoopStats | undefined): PanelPushMeta['diff_stats'] {
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

function timingOf(panels: Readonly<Record<string, PanelTiming>>): PanelPushMeta['timing'] {
  const shown = Object.entries(panels).map(([key, { avgMs, p95Ms, totalMs, calls }]) => [
    key,
    { avg_ms: rounded(avgMs), p95_ms: rounded(p95Ms), total_ms: rounded(totalMs), calls },
  ])
  return Object.fromEntries(shown)
}

function publisherOf(hub: HubStats | null): PanelPushMeta['sse_publisher'] {
  const of = (name: string): number => hub?.byType[name] ?? 0
  return {
    events_total: hub?.eventsTotal ?? 0,
    panel_updates: of('panel_update') + of('panel_update_structured'),
    full_snapshots: of('full_snapshot'),
    heartbeats: of('heartbeat'),
    errors: of('error'),
  }
}

/** `result` is null before the first cycle, `hub` when nothing is streamed: the counts are then 0. */
export function panelPushMeta(result: CycleResult | null, hub: HubStats | null): PanelPushMeta {
  const stats = result?.stats
  const hashes = [...(result?.board.panels.values() ?? [])].map(({ key, hash }) => [key, hash])
  return {
    diff_stats: diffStatsOf(stats),
    timing: timingOf(stats?.timing() ?? {}),
    sse_publisher: publisherOf(hub),
    shared_hashes: Object.fromEntries(hashes),
    ...followedMeta(stats?.ingest ?? []),
  }
}

/** To thousandths. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
