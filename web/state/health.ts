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
  /** `ok`, `starting`, `stale`, `draining` */
  readonly status: string
  /** The time zone of the board, an IANA name; null where the server does not say. */
  readonly timezone: string | null
  readonly numberFormat: NumberFormat
  /** When the answer came, epoch ms of this browser. */
  readonly atMs: number
}

type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}
const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const asNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

/** Reads the document; a missing or wrong value is null. */
export function healthFrom(document: unknown, atMs: number): Health {
  const { status, status_file: file, hit_ratio: hitRatio, sse, timezone, number_format } = asObject(document)
  const source = asObject(file)
  return {
    sourceState: asText(source.state) ?? 'unknown',
    sourceAgeSec: asNumber(source.age_sec),
    sourceError: asText(source.error),
    sourceText: asText(source.text),
    hitRatio: asNumber(hitRatio),
    clients: asNumber(asObject(sse).clients),
    status: asText(status) ?? 'unknown',
    timezone: asText(timezone),
    numberFormat: NUMBER_FORMATS.find(format => format === number_format) ?? 'plain',
    atMs,
  }
}

/** The age of the source now, seconds. */
export function sourceAgeSec(health: Health, nowMs: number): number | null {
  return health.sourceAgeSec === null ? null : health.sourceAgeSec + Math.max(0, nowMs - health.atMs) / 1000
}
