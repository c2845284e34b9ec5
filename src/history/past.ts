// The past as documents: the answer of GET /summary/history, and the `history` events of readers that ask for them.
import type { HistoryDocument } from '../protocol/history.js'
import { EVERY, type NearHistory } from './near.js'
import { MAX_POINTS, type Span } from './span.js'

/** Series that a reader of the stream can name, and values of each. */
export const MAX_EVENT_SERIES = 32
const MAX_EVENT_POINTS = 180
/** A number and its comma are no longer. */
const VALUE_BYTES = 26
/** Room for the other members of an event, and for the id of a series. */
const ENVELOPE_BYTES = 320

/** How many series these names are, as far as is known. */
export const seriesCount = (history: NearHistory, names: readonly string[]): number =>
  names.includes(EVERY) ? Math.max(1, history.size) : names.length

/** Values of each series where the question names no step: `*` has so many that all of them are one answer. */
export const usualPoints = (names: readonly string[], count: number): number =>
  names.includes(EVERY) ? Math.max(1, Math.floor(MAX_POINTS / count)) : MAX_POINTS

export function pastDocument(
  history: NearHistory,
  names: readonly string[],
  span: Span,
  nowMs: number,
): HistoryDocument {
  const read = history.read(names, span)
  return {
    schema_version: 'v1',
    from: span.fromSec * 1000,
    to: span.toSec * 1000,
    step_sec: span.stepSec,
    since: history.sinceMs(nowMs),
    series: read.series.map(({ id, values }) => ({ id, values: [...values] })),
    unknown: [...read.unknown],
  }
}

export type EventQuestion = {
  readonly seconds: number
  readonly series: readonly string[]
  /** Only what is newer than this generation; null: all of it. */
  readonly after: number | null
  /** Of an event. */
  readonly maxBytes: number
}

/**
 * The data of the `history` events of a reader, as JSON: one, or several with some of the series each where it would be too long.
 * None where nothing is newer.
 */
export function pastEvents(
  history: NearHistory,
  { seconds, series, after, maxBytes }: EventQuestion,
  nowMs: number,
): readonly string[] {
  const toSec = Math.floor(nowMs / 1000)
  const newerSec = after === null ? 0 : history.newerFromSec(after)
  if (newerSec === null) return []
  const fromSec = Math.max(toSec - seconds + 1, newerSec)
  const points = Math.min(
    MAX_EVENT_POINTS,
    Math.floor((MAX_EVENT_SERIES * MAX_EVENT_POINTS) / seriesCount(history, series)),
    Math.floor((maxBytes - ENVELOPE_BYTES) / VALUE_BYTES),
  )
  const stepSec = Math.max(1, Math.ceil((toSec - fromSec + 1) / Math.max(1, points)))
  const { series: found, ...envelope } = pastDocument(history, series, { fromSec, toSec, stepSec }, nowMs)
  const parts: string[][] = [[]]
  let bytes = 0
  for (const each of found) {
    const text = JSON.stringify(each)
    const size = Buffer.byteLength(text) + 1
    if (bytes > 0 && bytes + size > maxBytes - ENVELOPE_BYTES) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(text)
    bytes += size
  }
  return parts.map((texts, i) => {
    const isLast = i === parts.length - 1
    const rest = isLast ? envelope : { ...envelope, unknown: [], more: true }
    return `${JSON.stringify(rest).slice(0, -1)},"series":[${texts.join(',')}]}`
  })
}
