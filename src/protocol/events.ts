// The events of the summary stream and the documents of its HTTP endpoints as zod schemas, from which the TypeScript types, the JSON
// Schemas under /schemas and the OpenAPI description come.
import { z } from 'zod'

const tone = z.enum(['ok', 'warn', 'error', 'info', 'muted'])
const key = z.string().min(1)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().nonnegative()
/** Epoch milliseconds. */
const ts = z.number().nonnegative()
const schemaVersion = z.literal('v1')
/** On every event of a group except the last: the reader applies the group when it is complete. */
const more = z.literal(true).optional()
const blocks = z.array(z.looseObject({ kind: z.enum(['fields', 'table', 'text']) })).optional()

/** With `view=blocks`: the facts of the panel, by the ids in `facts.ts`; absent where it has none. */
const facts = z.record(z.string(), z.unknown()).optional()

export const VERDICT_WORDS = ['healthy', 'attention', 'failing', 'unknown'] as const
/** Where a reason is found: a panel, and in it a row (the text of its first cell) and a label of a field or column. */
export const verdictPlace = z.strictObject({
  panel: key,
  row: z.string().optional(),
  label: z.string().optional(),
})
/** How the system is, in one word, and the reasons, the most important first; the same on every surface. */
export const verdictData = z.lazy(() =>
  z.strictObject({
    word: z.enum(VERDICT_WORDS),
    reasons: z.array(z.string()).readonly(),
    since: ts.optional().describe('Since when the server has seen this word, epoch ms.'),
    places: z
      .array(verdictPlace.nullable())
      .readonly()
      .optional()
      .describe('Where each reason is found, by its index; null: nowhere on the board.'),
  }),
)
/** Absent where a followed server of an earlier version sends none. */
const verdict = verdictData.optional()

const cut = {
  /** The panel exceeded the size limit and was cut at whole lines; `hash` covers the whole panel. */
  truncated: z.literal(true).optional(),
  total_lines: count.optional(),
}

const panelContent = { hash, title: z.string(), tone, lines: z.array(z.string()), blocks, facts, ...cut }

export const panelUpdateEntry = z.lazy(() => z.strictObject({ key, ...panelContent }))

export const structuredEntry = z.lazy(() =>
  z.strictObject({
    panel: key,
    hash,
    title: z.string(),
    tone,
    base: hash,
    changed_lines: z.array(z.strictObject({ index: count, old: z.string(), new: z.string() })),
    added: z.array(z.string()),
    removed: z.array(z.string()),
    total_lines: count,
  }),
)

export const helloData = z.lazy(() =>
  z.strictObject({
    schema_version: schemaVersion,
    version: z.string(),
    epoch: z.string(),
    generation: count,
    cycle: count,
    resumed: z.boolean(),
    diff_mode: z.enum(['lines', 'structured']),
    heartbeat_cycles: count,
    refresh_ms: z.number(),
    keepalive_ms: z.number(),
    panels: z.array(z.strictObject({ key, hash })),
    verdict,
  }),
)

export const fullSnapshotData = z.lazy(() =>
  z.strictObject({
    schema_version: schemaVersion,
    epoch: z.string(),
    generation: count,
    cycle: count,
    ts,
    panels: z.record(z.string(), z.strictObject(panelContent)),
    verdict,
    more,
  }),
)

export const panelUpdateData = z.lazy(() =>
  z.strictObject({
    cycle: count,
    generation: count,
    ts,
    updates: z.array(panelUpdateEntry),
    removed: z.array(key).optional(),
    verdict,
    more,
  }),
)

export const panelUpdateStructuredData = z.lazy(() =>
  z.strictObject({
    cycle: count,
    generation: count,
    ts,
    updates: z.array(structuredEntry),
    removed: z.array(key).optional(),
    verdict,
    more,
  }),
)

export const heartbeatData = z.lazy(() =>
  z.strictObject({
    cycle: count,
    generation: count,
    ts,
    unchanged: z.literal(true),
    hit_ratio: z.number().nullable(),
    verdict,
  }),
)

/** The verdict has changed and no panel has. */
export const verdictEventData = z.lazy(() =>
  z.strictObject({
    cycle: count,
    generation: count,
    ts,
    verdict: verdictData,
  }),
)

export const RESYNC_REASONS = ['epoch', 'ahead', 'subset', 'malformed'] as const
export const resyncRequiredData = z.strictObject({ reason: z.enum(RESYNC_REASONS) })

export const errorData = z.lazy(() =>
  z.strictObject({
    code: z.string(),
    message: z.string(),
    recoverable: z.literal(true),
  }),
)

export const BYE_REASONS = ['shutdown', 'shed', 'stalled', 'auth_expired', 'max_age'] as const
export const byeData = z.lazy(() => z.strictObject({ reason: z.enum(BYE_REASONS), reconnect_ms: count }))

/** Numbers of the board over time: of the event `history` and of `GET /summary/history`. */
export const seriesMembers = {
  schema_version: schemaVersion,
  from: ts.describe('The time of the first value, epoch ms.'),
  to: ts.optional().describe('The last second of the last step, epoch ms; the clock is that of the server.'),
  step_sec: z.int().positive().describe('Between two values.'),
  since: ts.nullable().describe('From when the server has numbers, epoch ms; null: it has none yet.'),
  series: z.array(
    z.looseObject({
      id: z.string().describe('Of the fact, as in events.md.'),
      values: z.array(z.number().nullable()).describe('The last value of each step; null: not known.'),
    }),
  ),
  unknown: z.array(z.string()).describe('Asked for, and neither the id nor the label of a series.'),
}

/** For readers that ask with `history=`: once after the greeting. It moves no position, so it has no id. */
export const historyEventData = z.lazy(() => z.strictObject({ ...seriesMembers, more }))

/** The events of `GET /summary/events` with the schemas of their data. */
export const SUMMARY_EVENTS = {
  hello: helloData,
  full_snapshot: fullSnapshotData,
  panel_update: panelUpdateData,
  panel_update_structured: panelUpdateStructuredData,
  heartbeat: heartbeatData,
  verdict: verdictEventData,
  history: historyEventData,
  resync_required: resyncRequiredData,
  error: errorData,
  bye: byeData,
} as const

export type SummaryEventName = keyof typeof SUMMARY_EVENTS

export const resyncDocument = z.lazy(() =>
  z.strictObject({
    schema_version: schemaVersion,
    epoch: z.string(),
    generation: count,
    cycle: count,
    ts,
    panels: z.record(z.string(), z.strictObject({ ...panelContent, since: count })),
    verdict,
  }),
)

export const ticketDocument = z.lazy(() =>
  z.strictObject({
    ticket: z.string(),
    expires_in_sec: count.describe('To connect with it.'),
    return_sec: count.describe('To come back with it after a cut, counted from now.'),
  }),
)

/** An RFC 9457 problem with our stable code and the request's id. */
export const problemDocument = z.lazy(() =>
  z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    request_id: z.string(),
  }),
)

export type VerdictPlace = Readonly<z.infer<typeof verdictPlace>>
export type Verdict = Readonly<z.infer<typeof verdictData>>
export type HelloData = z.infer<typeof helloData>
export type ResyncReason = z.infer<typeof resyncRequiredData>['reason']
export type ByeReason = z.infer<typeof byeData>['reason']
export type TicketDocument = z.infer<typeof ticketDocument>
export type ResyncDocument = z.infer<typeof resyncDocument>
