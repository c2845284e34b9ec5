// Parses one event of a status stream into a typed event, or a `bad` one with its fault. An unknown type is no fault.
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

/** The position of an event in its stream; null for what it does not have. */
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
      /** An earlier full status, sent again without the differences since. */
      readonly repeats: boolean
      /** When the producer published this status, by its clock, epoch ms; null when unknown. */
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
  /** A difference that the producer omitted because it is overloaded. */
  | { readonly type: 'degraded_diff'; readonly place: Place; readonly reason: string }
  | { readonly type: 'severity_state'; readonly place: Place; readonly state: SeverityState }
  | { readonly type: 'severity_counts'; readonly place: Place; readonly counts: SeverityCounts }
  | { readonly type: 'followup_alert'; readonly place: Place; readonly alert: FollowupAlert }
  /** An unknown type. */
  | { readonly type: 'other'; readonly name: string; readonly place: Place }
  /** `malformed`: JSON that does not match the event's type. */
  | {
      readonly type: 'bad'
      readonly fault: 'not_json' | 'malformed'
      readonly name: string
      readonly why: string
      readonly place: Place
    }

/** Limit of every event but `panel_full` and `panel_diff`: the state keeps dozens of them. */
const MAX_SMALL_CHARS = 64 * 1024

/** Limit of the reason for omitted differences. */
const MAX_REASON_CHARS = 64

/** 2000-01-01, epoch seconds: an earlier time is not that of a status. */
const EARLIEST_SEC = 946_684_800

const NOWHERE: Place = { id: null, generation: null, streamId: null }

/** An event with the warnings about its numbers; absent when there are none. */
export type ReadStatusEvent = StatusEvent & { readonly warnings?: readonly DataWarning[] }

/** `name` is the event's name on the stream, `data` its text. */
export function parseStatusEvent(name: string, data: string): ReadStatusEvent {
  const parsed = parseJson(data)
  if (!parsed.ok)
    return { type: 'bad', fault: 'not_json', name, why: `not JSON: ${parsed.message}`, place: NOWHERE }
  const event = eventOf(name, parsed.value, data.length)
  if (parsed.warnings.length === 0) return event
  return { ...event, warnings: parsed.warnings.map(inStatus) }
}

/** With the path in the status instead of the path in the event. */
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

/** Epoch seconds as epoch ms; null for an impossible time. */
function epochMs(seconds: number | undefined): number | null {
  return seconds !== undefined && seconds > EARLIEST_SEC ? seconds * 1000 : null
}

/**
 * The status of a `panel_full`. With `forced_reason`, `status` is the whole payload of an earlier `panel_full`, which may be
 * such a repetition itself.
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
  // The payload is one level around the status or the difference.
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
      // Use the alert's own time, so that the same alert sent again is recognised.
      const { ts = alertTime(parsed.data) ?? time } = parsed.data
      return { type, place, alert: ts === undefined ? parsed.data : { ...parsed.data, ts } }
    }
    default:
      return { type: 'other', name: type, place }
  }
}
