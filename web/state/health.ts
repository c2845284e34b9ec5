// What the board does not say: how the source stands, the hit ratio and the number of clients, from `/summary/health`.

export type Health = {
  /** `fresh`, `closed`, `stale`, `missing`, … */
  readonly sourceState: string
  /** Since the status last changed, seconds, at `atMs`. */
  readonly sourceAgeSec: number | null
  readonly sourceError: string | null
  /** The state as the server says it: `closed, last 15:30`. */
  readonly sourceText: string | null
  readonly hitRatio: number | null
  readonly clients: number | null
  /** `ok`, `starting`, `stale`, `draining` */
  readonly status: string
  /** When it came, epoch ms of this browser. */
  readonly atMs: number
}

type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}
const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const asNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

/** Of the document as it comes; what is missing is null. */
export function healthFrom(document: unknown, atMs: number): Health {
  const { status, status_file: file, hit_ratio: hitRatio, sse } = asObject(document)
  const source = asObject(file)
  return {
    sourceState: asText(source.state) ?? 'unknown',
    sourceAgeSec: asNumber(source.age_sec),
    sourceError: asText(source.error),
    sourceText: asText(source.text),
    hitRatio: asNumber(hitRatio),
    clients: asNumber(asObject(sse).clients),
    status: asText(status) ?? 'unknown',
    atMs,
  }
}

/** How old the source is by now, seconds. */
export function sourceAgeSec(health: Health, nowMs: number): number | null {
  return health.sourceAgeSec === null ? null : health.sourceAgeSec + Math.max(0, nowMs - health.atMs) / 1000
}
