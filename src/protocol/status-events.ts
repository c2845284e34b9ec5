// The events of the status stream, `GET /events` (ingest.md 2): what a collector sends, and what we serve. They come from
// others too, so only what is used is asked for and everything else passes.
import { z } from 'zod'

export const STATUS_EVENT_TYPES = [
  'panel_full',
  'panel_diff',
  'severity_state',
  'severity_counts',
  'followup_alert',
] as const
export type StatusEventType = (typeof STATUS_EVENT_TYPES)[number]

const record = z.record(z.string(), z.unknown())
const count = z.number()
/** Epoch seconds, or ISO text. */
const time = z.union([z.number(), z.string()])
/** What is not such a value counts as absent, not as a fault of the event. */
const optional = <T extends z.ZodType>(type: T) => type.optional().catch(undefined)

export const severityCounts = z.object({
  info: count.catch(0).default(0),
  warn: count.catch(0).default(0),
  critical: count.catch(0).default(0),
})

/** Looked into only as far as needed: a status may be large, and member names must stay as they came. */
export const panelFullPayload = z.looseObject({
  status: z.unknown().describe('The status: an object.'),
  publish_unixtime: optional(z.number()).describe('When this status was published, epoch seconds.'),
  forced_reason: optional(z.string()).describe(
    'The producer repeats the last full status it published; `status` then holds that event’s payload.',
  ),
})

export const panelDiffPayload = z.looseObject({
  diff: z.unknown().describe('The difference: an object, in one of three grammars.'),
  truncated: optional(z.boolean()),
  publish_unixtime: optional(z.number()).describe('When this difference was published, epoch seconds.'),
})

/** In place of a difference: the producer has left it out because it has too much to do. */
export const degradedDiffPayload = z.looseObject({ degraded: z.literal(true), reason: optional(z.string()) })

export const severityStatePayload = z.looseObject({
  alert_type: z.string().min(1),
  active: optional(z.union([z.string(), z.boolean()])),
  previous_active: optional(z.union([z.string(), z.boolean()])),
  cycle: optional(count),
  last_change_cycle: optional(count),
  resolved: optional(z.boolean()),
  resolved_count: optional(count),
  reasons: optional(z.array(z.unknown())),
  counts: optional(severityCounts),
  alert: optional(record),
})

export const severityCountsPayload = z.looseObject({ counts: severityCounts })

export const followupAlertPayload = z.looseObject({
  alert: optional(record),
  index: optional(z.string()),
  type: optional(z.string()),
  severity: optional(z.string()),
  message: optional(z.string()),
  ts: optional(time),
  weight: optional(count),
  severity_counts: optional(severityCounts),
})

/** The payload of each type. */
export const STATUS_PAYLOADS = {
  panel_full: panelFullPayload,
  panel_diff: panelDiffPayload,
  severity_state: severityStatePayload,
  severity_counts: severityCountsPayload,
  followup_alert: followupAlertPayload,
} as const

/** What every event of the stream is wrapped in. */
export const statusEnvelope = z.looseObject({
  id: optional(z.int()),
  sequence: optional(z.int()),
  type: optional(z.string()),
  timestamp: optional(time),
  timestamp_ist: optional(time).describe('The same moment as `timestamp`, ISO text in Indian time.'),
  generation: optional(z.int()),
  stream_id: optional(z.string()),
  payload: z.unknown(),
})

const whole = z.int().nonnegative()
const byType = z.record(z.string(), whole)

/** `GET /events/stats`: our names, and those of the original's collector for the same things. */
export const statusStats = z.strictObject({
  stream_id: z.string().describe('Which run of this server; ids of two runs never meet.'),
  generation: whole.describe('Whole statuses published to everybody: differences are valid within one.'),
  last_id: whole.describe('The id of the newest event.'),
  latest_id: whole.describe('The same.'),
  oldest_id: whole.describe('The id of the oldest event kept; 0 when none is.'),
  clients: whole.describe('Readers connected now.'),
  consumers: whole.describe('The same.'),
  behind: whole.describe('Those of them that take no bytes at the moment.'),
  events_total: whole.describe('Events published, once each whatever the number of readers.'),
  by_type: byType.describe('The same by type.'),
  types: byType.describe('The same.'),
  coalesced: byType.describe(
    'Events kept in place of an earlier one, by type: this server keeps them all, so there are none.',
  ),
  events_sent: whole.describe('Events written to connections, once for each reader.'),
  events_merged: whole.describe(
    'Events that a reader did not get: a whole status took their place, or it left before.',
  ),
  bytes_sent: whole.describe('Bytes handed to connections.'),
  backlog: whole.describe('Events kept for readers that come back.'),
  highwater: whole.describe('The most that were ever kept at once.'),
  max_events: whole.describe('The most that may be kept.'),
  history: z
    .strictObject({ events: whole, bytes: whole, oldest_id: whole.nullable() })
    .describe('The events kept: `backlog`, their size, and `oldest_id` or null.'),
  forced_full_last: z
    .record(z.string(), z.number())
    .describe(
      'When a reader was last given the whole status out of turn, epoch seconds, by reason: `force_full` (it asked), `gap_exceeded` (what it missed is no longer kept), `missing_baseline` (its last id is not of this run).',
    ),
})

export type StatusStats = z.infer<typeof statusStats>
export type SeverityCounts = z.infer<typeof severityCounts>
export type SeverityState = z.infer<typeof severityStatePayload>
export type FollowupAlert = z.infer<typeof followupAlertPayload>
