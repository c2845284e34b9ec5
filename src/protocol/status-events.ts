// The events of the status stream, `GET /events`: what a collector sends, and what we serve. Other programs send them too, so the
// schemas require only what is used and pass everything else.
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
/** A value of another type counts as absent, not as a fault of the event. */
const optional = <T extends z.ZodType>(type: T) => type.optional().catch(undefined)

export const severityCounts = z.lazy(() =>
  z.object({
    info: count.catch(0).default(0),
    warn: count.catch(0).default(0),
    critical: count.catch(0).default(0),
  }),
)

/** Validated only as far as needed: a status may be large, and its member names must stay. */
export const panelFullPayload = z.lazy(() =>
  z.looseObject({
    status: z.unknown().describe('The status: an object.'),
    publish_unixtime: optional(z.number()).describe('When this status was published, epoch seconds.'),
    forced_reason: optional(z.string()).describe(
      'The producer repeats the last full status it published; `status` then holds that event’s payload.',
    ),
  }),
)

export const panelDiffPayload = z.lazy(() =>
  z.looseObject({
    diff: z.unknown().describe('The difference: an object, in one of three grammars.'),
    truncated: optional(z.boolean()),
    publish_unixtime: optional(z.number()).describe('When this difference was published, epoch seconds.'),
  }),
)

/** Sent in place of a difference that the producer left out because it was overloaded. */
export const degradedDiffPayload = z.looseObject({ degraded: z.literal(true), reason: optional(z.string()) })

export const severityStatePayload = z.lazy(() =>
  z.looseObject({
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
  }),
)

export const severityCountsPayload = z.looseObject({ counts: severityCounts })

export const followupAlertPayload = z.lazy(() =>
  z.looseObject({
    alert: optional(record),
    index: optional(z.string()),
    type: optional(z.string()),
    severity: optional(z.string()),
    message: optional(z.string()),
    ts: optional(time),
    weight: optional(count),
    severity_counts: optional(severityCounts),
  }),
)

/** The payload of each type. */
export const STATUS_PAYLOADS = {
  panel_full: panelFullPayload,
  panel_diff: panelDiffPayload,
  severity_state: severityStatePayload,
  severity_counts: severityCountsPayload,
  followup_alert: followupAlertPayload,
} as const

/** The envelope of every event. */
export const statusEnvelope = z.lazy(() =>
  z.looseObject({
    id: optional(z.int()),
    sequence: optional(z.int()),
    type: optional(z.string()),
    timestamp: optional(time),
    timestamp_ist: optional(time).describe('The same moment as `timestamp`, ISO text in Indian time.'),
    generation: optional(z.int()),
    stream_id: optional(z.string()),
    payload: z.unknown(),
  }),
)

const whole = z.int().nonnegative()
const byType = z.record(z.string(), whole)

/** `GET /events/stats`: our names, and those of the original collector for the same values. */
export const statusStats = z.lazy(() =>
  z.strictObject({
    stream_id: z.string().describe('The run of this server; ids of different runs are unrelated.'),
    generation: whole.describe(
      'Whole statuses published to all readers; a difference applies within one generation.',
    ),
    last_id: whole.describe('The id of the newest event.'),
    latest_id: whole.describe('Same as `last_id`.'),
    oldest_id: whole.describe('The id of the oldest event kept; 0 when none is.'),
    clients: whole.describe('Readers connected now.'),
    consumers: whole.describe('Same as `clients`.'),
    behind: whole.describe('Readers that take no bytes at the moment.'),
    events_total: whole.describe('Events published, once each whatever the number of readers.'),
    by_type: byType.describe('Events published, by type.'),
    types: byType.describe('Same as `by_type`.'),
    coalesced: byType.describe(
      'Events that replaced an earlier one, by type: always 0, because this server keeps all events.',
    ),
    events_sent: whole.describe('Events written to connections, once for each reader.'),
    events_merged: whole.describe(
      'Events that a reader did not get, because a whole status replaced them or the reader left.',
    ),
    bytes_sent: whole.describe('Bytes handed to connections.'),
    backlog: whole.describe('Events kept for readers that come back.'),
    highwater: whole.describe('The most events ever kept at once.'),
    max_events: whole.describe('The limit of events kept.'),
    history: z
      .strictObject({ events: whole, bytes: whole, oldest_id: whole.nullable() })
      .describe('The events kept: `backlog`, their size, and `oldest_id` or null.'),
    forced_full_last: z
      .record(z.string(), z.number())
      .describe(
        'When a reader last got the whole status out of turn, epoch seconds, by reason: `force_full` (it asked), `gap_exceeded` (the events it missed are no longer kept), `missing_baseline` (its last id is from another run).',
      ),
  }),
)

export type StatusStats = z.infer<typeof statusStats>
export type SeverityCounts = z.infer<typeof severityCounts>
export type SeverityState = z.infer<typeof severityStatePayload>
export type FollowupAlert = z.infer<typeof followupAlertPayload>
