// From one event of a status stream to what it says: typed, or a fault with its kind. Unknown types are no fault.
import {
  degradedDiffPayload,
  type FollowupAlert,
  followupAlertPayload,
  panelDiffPayload,
  panelFullPayload,
  type SeverityCounts,
  type SeverityState,
  severityCountsPayload,
  severityStatePayload,
  statusEnvelope,
} from '../protocol/status-events.js'
import type { DataWarning, Status } from '../snapshot/reading.js'
import { alertTime } from './followups.js'
import { isObject, isWithinDepth, MAX_DEPTH } from './json.js'
import { parseJson } from './json-text.js'

/** Where an event stands in its stream; null where it does not say. */
export type Place = {
  readonly id: number | null
  readonly generation: number | null
  readonly streamId: string | null
}

export type StatusEvent =
  | {
      readonly type: 'panel_full'
      readonly place: Place
      readonly status: Status
      /** The last full status again, sent without the differences that came after it. */
      readonly repeats: boolean
      /** When the producer published this status, by its clock, epoch ms; null where it does not say. */
      readonly publishedMs: number | null
      readonly sizeBytes: number
    }
  | {
      readonly type: 'panel_diff'
      readonly place: Place
      readonly diff: Status
      readonly truncated: boolean
      readonly publishedMs: number | null
      readonly sizeBytes: number
    }
  /** A difference that the producer has left out because it has too much to do. */
  | { readonly type: 'degraded_diff'; readonly place: Place; readonly reason: string }
  | { readonly type: 'severity_state'; readonly place: Place; readonly state: SeverityState }
  | { readonly type: 'severity_counts'; readonly place: Place; readonly counts: SeverityCounts }
  | { readonly type: 'followup_alert'; readonly place: Place; readonly alert: FollowupAlert }
  /** Of no meaning to this version. */
  | { readonly type: 'other'; readonly name: string; readonly place: Place }
  /** `not_json`: no JSON at all. `malformed`: not what its type must be. */
  | {
      readonly type: 'bad'
      readonly fault: 'not_json' | 'malformed'
      readonly name: string
      readonly why: string
      readonly place: Place
    }

/** Of every event but a status and a difference: what is kept of them is kept by the dozen. */
const MAX_SMALL_CHARS = 64 * 1024

/** Of the word for why differences are left out. */
const MAX_REASON_CHARS = 64

/** 2000-01-01, epoch seconds: what is before it is not the time of a status. */
const EARLIEST_SEC = 946_684_800

const NOWHERE: Place = { id: null, generation: null, streamId: null }

/** An event with what is wrong with its numbers; absent when nothing is. */
export type ReadStatusEvent = StatusEvent & { readonly warnings?: readonly DataWarning[] }

/** `name` is the event's name on the stream, `data` its text. */
export function parseStatusEvent(name: string, data: string): ReadStatusEvent {
  const parsed = parseJson(data)
  // Counted by the reader of the stream.
  if (!parsed.ok)
    return { type: 'bad', fault: 'not_json', name, why: `not JSON: ${parsed.message}`, place: NOWHERE }
  const event = eventOf(name, parsed.value, data.length)
  if (parsed.warnings.length === 0) return event
  return { ...event, warnings: parsed.warnings.map(inStatus) }
}

/** Named as in the status, not as in the event around it. */
function inStatus(warning: DataWarning): DataWarning {
  return { ...warning, path: warning.path.replace(/^payload\.status\./, '') }
}

function eventOf(name: string, value: unknown, sizeBytes: number): StatusEvent {
  const envelope = statusEnvelope.safeParse(value)
  if (!envelope.success)
    return { type: 'bad', fault: 'malformed', name, why: 'not an object', place: NOWHERE }
  const { id = null, generation = null, stream_id: streamId = null, type = name, payload } = envelope.data
  return interpret(type, payload, { id, generation, streamId }, envelope.data.timestamp_ist, sizeBytes)
}

/** Epoch seconds as epoch ms; null for what cannot be such a time. */
function epochMs(seconds: number | undefined): number | null {
  return seconds !== undefined && seconds > EARLIEST_SEC ? seconds * 1000 : null
}

/**
 * The status of a `panel_full`. One with `forced_reason` has the whole payload of an earlier `panel_full` in its place,
 * which may be such a repetition itself.
 */
function fullEvent(payload: unknown, place: Place, sizeBytes: number): StatusEvent | null {
  let parsed = panelFullPayload.safeParse(payload)
  let repeats = false
  while (parsed.data?.forced_reason !== undefined) {
    const inner = panelFullPayload.safeParse(parsed.data.status)
    if (!isObject(inner.data?.status)) break
    repeats = true
    parsed = inner
  }
  const status = parsed.data?.status
  if (!isObject(status)) return null
  const publishedMs = epochMs(parsed.data?.publish_unixtime)
  return { type: 'panel_full', place, status, repeats, publishedMs, sizeBytes }
}

function diffEvent(payload: unknown, place: Place, sizeBytes: number): StatusEvent | null {
  const { data } = panelDiffPayload.safeParse(payload)
  if (isObject(data?.diff)) {
    const publishedMs = epochMs(data.publish_unixtime)
    const truncated = data.truncated === true
    return { type: 'panel_diff', place, diff: data.diff, truncated, publishedMs, sizeBytes }
  }
  const degraded = degradedDiffPayload.safeParse(payload)
  if (!degraded.success) return null
  const reason = (degraded.data.reason || 'unknown').slice(0, MAX_REASON_CHARS)
  return { type: 'degraded_diff', place, reason }
}

function interpret(
  type: string,
  payload: unknown,
  place: Place,
  time: number | string | undefined,
  sizeBytes: number,
): StatusEvent {
  const bad = (why: string): StatusEvent => ({ type: 'bad', fault: 'malformed', name: type, why, place })
  // The payload itself is one level around the status or the difference.
  if (!isWithinDepth(payload, MAX_DEPTH + 1)) return bad(`deeper than ${MAX_DEPTH}`)
  const isStatus = type === 'panel_full' || type === 'panel_diff'
  if (!isStatus && sizeBytes > MAX_SMALL_CHARS) return bad(`longer than ${MAX_SMALL_CHARS} characters`)
  switch (type) {
    case 'panel_full':
      return fullEvent(payload, place, sizeBytes) ?? bad('no status')
    case 'panel_diff':
      return diffEvent(payload, place, sizeBytes) ?? bad('no diff')
    case 'severity_state': {
      const parsed = severityStatePayload.safeParse(payload)
      return parsed.success ? { type, place, state: parsed.data } : bad('no alert_type')
    }
    case 'severity_counts': {
      const parsed = severityCountsPayload.safeParse(payload)
      return parsed.success ? { type, place, counts: parsed.data.counts } : bad('no counts')
    }
    case 'followup_alert': {
      const parsed = followupAlertPayload.safeParse(payload)
      if (!parsed.success) return bad('not an object')
      // Its own time, so that the same alert sent again is known to be the same.
      const { ts = alertTime(parsed.data) ?? time } = parsed.data
      return { type, place, alert: ts === undefined ? parsed.data : { ...parsed.data, ts } }
    }
    default:
      return { type: 'other', name: type, place }
  }
}
