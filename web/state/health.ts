// Values that are not on the board, from `/summary/health`: state of the source, hit ratio, number of clients, and how times and
// numbers are written.
import { NUMBER_FORMATS, type NumberFormat } from '../../src/display/number-text.js'

export type Health = {
  /** `fresh`, `closed`, `stale`, `missing`, … */
  readonly sourceState: string
  /** Age of the status at `atMs`, seconds. */
  readonly sourceAgeSec: number | null
  readonly sourceError: string | null
  /** The state as text: `closed, last 15:30`. */
  readonly sourceText: string | null
  readonly hitRatio: number | null
  readonly clients: number | null
  /** The path of the chat page; null where the relay is not in use. */
  readonly chatPage: string | null
  /** IANA name of the zone in which the server writes times. */
  readonly timezone: string | null
  /** How numbers are grouped. */
  readonly numberFormat: NumberFormat
  /** `ok`, `starting`, `stale`, `draining` */
  readonly status: string
  /** The title of the board, from a board file. */
  readonly title: string | null
  /** How many columns panels take, by key, from a board file. */
  readonly spans: ReadonlyMap<string, number>
  /** Members of the document on an automatic board; null where the board is another one. */
  readonly members: MemberCounts | null
  /** Null where the server has no rules of notifications. */
  readonly notify: NotifyState | null
  /** The recording that the server plays; null where its source is another one. */
  readonly recording: Recording | null
  /** When the answer came, epoch ms of this browser. */
  readonly atMs: number
}

/** `mutes`: those that a person made; `mutedUntilMs` counts windows of the settings too. */
export type NotifyState = {
  readonly open: number
  readonly toAcknowledge: number
  readonly mutes: number
  readonly mutedUntilMs: number | null
}

export type Recording = {
  /** Its time when the answer came, epoch ms. */
  readonly nowMs: number
  readonly ended: boolean
}

/** How many the board shows, and how many it does not. A server of an earlier version counts only these. */
export type MemberCounts = { readonly shown: number | null; readonly hidden: number }

type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}
const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const asNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

const MAX_SPAN = 4

function spanFrom(key: string, given: unknown): readonly (readonly [string, number])[] {
  const span = asNumber(given)
  return span !== null && Number.isInteger(span) && span >= 1 && span <= MAX_SPAN ? [[key, span]] : []
}

function notifyFrom(given: unknown): NotifyState | null {
  const { open, to_acknowledge: waiting, mutes, muted_until: until } = asObject(given)
  const [opened, left, made] = [asNumber(open), asNumber(waiting), asNumber(mutes)]
  if (opened === null || left === null || made === null) return null
  return { open: opened, toAcknowledge: left, mutes: made, mutedUntilMs: asNumber(until) }
}

function recordingFrom(given: unknown): Recording | null {
  const { now, ended } = asObject(given)
  const nowMs = asNumber(now)
  return nowMs === null ? null : { nowMs, ended: ended === true }
}

/** Reads the document; a missing or wrong value is null. */
export function healthFrom(document: unknown, atMs: number): Health {
  const {
    status,
    status_file: file,
    hit_ratio: hitRatio,
    sse,
    display: shown,
    automatic,
    notify,
    recording,
  } = asObject(document)
  const source = asObject(file)
  const { timezone, number_format: format, title, spans } = asObject(shown)
  const counted = asObject(automatic)
  const hidden = asNumber(counted.hidden)
  return {
    sourceState: asText(source.state) ?? 'unknown',
    sourceAgeSec: asNumber(source.age_sec),
    sourceError: asText(source.error),
    sourceText: asText(source.text),
    hitRatio: asNumber(hitRatio),
    clients: asNumber(asObject(sse).clients),
    chatPage: asText(asObject(asObject(document).chat).page),
    timezone: asText(timezone),
    numberFormat: NUMBER_FORMATS.find(known => known === format) ?? 'plain',
    status: asText(status) ?? 'unknown',
    title: asText(title),
    spans: new Map(Object.entries(asObject(spans)).flatMap(([key, span]) => spanFrom(key, span))),
    notify: notifyFrom(notify),
    members: hidden === null ? null : { shown: asNumber(counted.shown), hidden },
    recording: recordingFrom(recording),
    atMs,
  }
}

/** The age of the source now, seconds. */
export function sourceAgeSec(health: Health, nowMs: number): number | null {
  return health.sourceAgeSec === null ? null : health.sourceAgeSec + Math.max(0, nowMs - health.atMs) / 1000
}
