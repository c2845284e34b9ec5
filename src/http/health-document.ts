// The document of /summary/health, as a pure function of loop and hub, and its schema.
import { z } from 'zod'
import type { MemberCounts } from '../automatic/drafts.js'
import { SCHEMA_VERSION } from '../board/board.js'
import type { BoardLooks } from '../declared/board.js'
import { NUMBER_FORMATS, type NumberFormat } from '../display/number-text.js'
import type { CycleResult } from '../engine/cycle.js'
import { STATUS_STATES } from '../engine/cycle.js'
import type { Played } from '../engine/played.js'
import { sourceText } from '../engine/source-words.js'
import type { HubStats } from '../hub/hub-types.js'
import { adaptiveStream } from '../ingest/enrichment.js'
import { type Verdict, verdictData } from '../protocol/events.js'
import { DEGRADED, SEATS } from '../protocol/fleet.js'
import {
  diffStatsSchema,
  panelPushMeta,
  panelPushMetaSchema,
  publisherSchema,
  rounded,
  timingSchema,
} from './panel-push-meta.js'

const count = z.int().nonnegative()
const ratio = z.number().nullable()

export const healthSchema = z.lazy(() =>
  z.looseObject({
    ok: z.literal(true),
    status: z.enum(['ok', 'starting', 'stale', 'draining']),
    cycle: count,
    schema_version: z.literal(SCHEMA_VERSION),
    version: z.string(),
    uptime_sec: z.number(),
    diff: diffStatsSchema,
    diff_stats: diffStatsSchema,
    panel_updates_last: count,
    hit_ratio: ratio,
    churn_ratio: z.number(),
    high_churn_streak: count,
    churn_anomalies: count,
    timing: timingSchema,
    sse: z.strictObject({
      clients: count,
      events_sent: count,
      ...publisherSchema.unwrap().shape,
      events_merged: count,
      bytes_sent: count,
      behind: count,
    }),
    status_file: z.strictObject({
      state: z.enum(STATUS_STATES),
      age_sec: z.number().nullable(),
      error: z.string().optional(),
      /** The state as a text for people: `closed, last 15:30`. */
      text: z.string(),
      /** Faults in the numbers of the status. */
      warnings: z.array(z.string()).readonly().optional(),
    }),
    panel_push_meta: panelPushMetaSchema,
    /** Only where the chat relay is in use: the path of its page. */
    chat: z.strictObject({ page: z.literal('chat') }).optional(),
    /** How surfaces show times and numbers; and, from a board file, the title of the board and the columns that panels take. */
    display: z.strictObject({
      timezone: z.string(),
      number_format: z.enum(NUMBER_FORMATS),
      title: z.string().optional(),
      spans: z.record(z.string(), z.number().int()).optional(),
    }),
    /** Only where the board is an automatic one: how many members of the document it shows, and how many it does not. */
    automatic: z.strictObject({ shown: z.number().int(), hidden: z.number().int() }).optional(),
    /** Only where a recording is played: when it began, its time now (epoch ms), and whether it has ended. */
    recording: z
      .strictObject({ version: z.string(), started: z.number(), now: z.number(), ended: z.boolean() })
      .optional(),
    /** Only when a status stream is followed. */
    adaptive_stream: z
      .looseObject({
        severity_counts: z.record(z.string(), z.number()).nullable(),
        severity_state: z.record(z.string(), z.unknown()),
        followup_alerts: z.array(z.unknown()).readonly(),
      })
      .optional(),
    adaptive: z.strictObject({ backlog_ratio: z.number().nullable() }),
    verdict: verdictData,
    /** Only where there are rules of notifications. `muted_until`: while all are muted, also by a window; `mutes`: those that a person made. */
    notify: z
      .strictObject({
        open: count,
        to_acknowledge: count,
        mutes: count,
        muted_until: z.number().nullable(),
      })
      .optional(),
    /** Only for a node of a fleet. `term`: of the publisher's lease; null: there is no publisher. */
    fleet: z
      .strictObject({
        name: z.string(),
        node: z.string(),
        seat: z.enum(SEATS),
        term: count.nullable(),
        nodes: count,
      })
      .optional(),
    /** Only for a node of a fleet: what it does without. `engine`: Redis is gone. Empty while all is well. */
    degraded: z.array(z.enum(DEGRADED)).readonly().optional(),
  }),
)

export type HealthDocument = z.infer<typeof healthSchema>

export type FleetHealth = {
  readonly fleet: NonNullable<HealthDocument['fleet']>
  readonly degraded: NonNullable<HealthDocument['degraded']>
}

export type NotifyHealth = NonNullable<HealthDocument['notify']>

export type HealthFacts = {
  /** The newest cycle; null before the first. */
  readonly result: CycleResult | null
  /** Null when nothing is streamed. */
  readonly hub: HubStats | null
  /** Readers of the board and of the status, as the limit counts them. */
  readonly streams: number
  readonly version: string
  readonly uptimeSec: number
  readonly draining: boolean
  readonly verdict: Verdict
  /** IANA name, for the times in texts. */
  readonly timezone: string
  readonly numberFormat: NumberFormat
  /** The chat relay is in use. */
  readonly hasChat?: boolean
  /** Of an automatic board; null where the board is another one. */
  readonly members?: MemberCounts | null
  /** Of a board file; null without one. */
  readonly looks?: BoardLooks | null
  /** Null without rules of notifications. */
  readonly notify?: NotifyHealth | null
  /** The recording that is played; null where the source is another one. */
  readonly played?: Played | null
  /** Of a node of a fleet; null by itself. */
  readonly fleet?: FleetHealth | null
}

function statusOf({ result, draining }: HealthFacts): HealthDocument['status'] {
  if (draining) return 'draining'
  if (result === null || result.board.generation === 0) return 'starting'
  return result.source.state === 'fresh' || result.source.state === 'closed' ? 'ok' : 'stale'
}

function statusFileOf(result: CycleResult | null, timezone: string): HealthDocument['status_file'] {
  const source = result?.source
  const warnings = result?.snapshot?.dataWarnings ?? []
  const state = source?.state ?? 'starting'
  const ageSec = source?.ageSec ?? null
  const error = source?.error ?? null
  return {
    state,
    age_sec: ageSec === null ? null : rounded(ageSec),
    text: source === undefined ? state : sourceText(source, timezone),
    ...(error === null ? {} : { error }),
    ...(warnings.length === 0 ? {} : { warnings }),
  }
}

const recordingOf = ({ version, startedMs, now, ended }: Played) => ({
  version,
  started: startedMs,
  now: Math.round(now.wallMs),
  ended,
})

export function healthDocument(facts: HealthFacts): HealthDocument {
  const { result, hub, streams, version, uptimeSec } = facts
  const stats = result?.stats
  const meta = panelPushMeta(result, hub)
  const { diff_stats: diff, sse_publisher: events } = meta
  const adaptive = adaptiveStream(stats?.ingest ?? [])
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
    timing: meta.timing,
    sse: {
      clients: streams,
      events_sent: hub?.eventsSent ?? 0,
      ...events,
      events_merged: hub?.eventsMerged ?? 0,
      bytes_sent: hub?.bytesSent ?? 0,
      behind: hub?.behind ?? 0,
    },
    status_file: statusFileOf(result, facts.timezone),
    panel_push_meta: meta,
    display: {
      timezone: facts.timezone,
      number_format: facts.numberFormat,
      ...(facts.looks?.title ? { title: facts.looks.title } : {}),
      ...(facts.looks && Object.keys(facts.looks.spans).length > 0 ? { spans: facts.looks.spans } : {}),
    },
    ...(facts.played ? { recording: recordingOf(facts.played) } : {}),
    ...(facts.members ? { automatic: facts.members } : {}),
    ...(facts.hasChat === true ? { chat: { page: 'chat' as const } } : {}),
    ...(adaptive === null ? {} : { adaptive_stream: adaptive }),
    adaptive: { backlog_ratio: result?.snapshot?.adaptiveBacklogRatio ?? null },
    verdict: facts.verdict,
    ...(facts.notify ? { notify: facts.notify } : {}),
    ...facts.fleet,
  }
}
