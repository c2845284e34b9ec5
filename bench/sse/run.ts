// Many clients on one stream for a while: whether each gets its snapshot, how many events a second, how soon.
import { setMaxListeners } from 'node:events'
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { median, percentile } from '../stats.js'

export type SseOptions = {
  readonly url: string
  readonly clients: number
  /** Seconds. */
  readonly duration: number
  readonly token?: string
}

/** What one client saw. */
class Seen {
  readonly #startMs = performance.now()
  helloMs: number | null = null
  snapshotMs: number | null = null
  readonly types: string[] = []
  /** From `ts` of the board to its arrival here, ms; of updates alone, which are sent as soon as they are made. */
  readonly dispatchMs: number[] = []
  readonly sizes: number[] = []
  parseErrors = 0
  error: string | null = null

  take(block: string): void {
    const sinceStartMs = performance.now() - this.#startMs
    const type = /^event: (.*)$/m.exec(block)?.[1]
    const data = /^data: (.*)$/m.exec(block)?.[1]
    if (type === undefined || data === undefined) return
    this.types.push(type)
    this.sizes.push(Buffer.byteLength(block) + 2)
    try {
      const { ts } = JSON.parse(data) as { readonly ts?: number }
      if (type === 'hello') this.helloMs ??= sinceStartMs
      if (type === 'full_snapshot') this.snapshotMs ??= sinceStartMs
      if (type.startsWith('panel_update') && ts !== undefined)
        this.dispatchMs.push(performance.timeOrigin + performance.now() - ts)
    } catch {
      this.parseErrors++
    }
  }
}

/** Reads until the signal; never rejects: an error is in what it saw. */
function read(seen: Seen, { url, token }: SseOptions, signal: AbortSignal, onSnapshot: () => void) {
  const headers = { Accept: 'text/event-stream', ...(token === undefined ? {} : { 'X-API-Token': token }) }
  return new Promise<void>(resolve => {
    const request = http.get(url, { headers, signal, agent: false }, response => {
      if (response.statusCode !== 200) seen.error = `HTTP ${response.statusCode}`
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        const blocks = (text + chunk).split('\n\n')
        text = blocks.pop() ?? ''
        const had = seen.snapshotMs !== null
        for (const block of blocks) seen.take(block)
        if (!had && seen.snapshotMs !== null) onSnapshot()
      })
      response.on('error', resolve)
      response.on('close', resolve)
    })
    request.on('error', error => {
      if (!signal.aborted) seen.error = error.message
      resolve()
    })
  })
}

/** How much longer the run waits for clients without a snapshot: the machine may be busy. */
const SNAPSHOTS_WITHIN_MS = 30_000

/** Seconds of the slowest client; null when none has the value. */
function slowestSec(valuesMs: readonly (number | null)[]): number | null {
  const known = valuesMs.filter(value => value !== null)
  return known.length === 0 ? null : Math.max(...known) / 1000
}

export async function benchSse(options: SseOptions) {
  const { url, clients, duration } = options
  const abort = new AbortController()
  setMaxListeners(0, abort.signal)
  const startMs = performance.now()
  const results = Array.from({ length: clients }, () => new Seen())
  let left = clients
  const reading: Promise<void>[] = []
  const served = new Promise<void>(resolve => {
    const onSnapshot = () => --left === 0 && resolve()
    for (const seen of results) reading.push(read(seen, options, abort.signal, onSnapshot))
  })
  const measured = wait(duration * 1000).then(() =>
    Promise.race([served, wait(SNAPSHOTS_WITHIN_MS, undefined, { ref: false })]),
  )
  const all = Promise.all(reading)
  await Promise.race([measured, all])
  const elapsedSec = (performance.now() - startMs) / 1000
  abort.abort()
  await all
  const types = results.flatMap(seen => seen.types)
  const byType: Record<string, number> = {}
  for (const type of types) byType[type] = (byType[type] ?? 0) + 1
  const dispatch = results.flatMap(({ dispatchMs }) => dispatchMs)
  const sizes = results.flatMap(result => result.sizes)
  const at = (part: number) => (dispatch.length === 0 ? null : percentile(dispatch, part))
  return {
    url,
    clients,
    duration_requested_sec: duration,
    elapsed_sec: elapsedSec,
    aggregate_events: types.length,
    events_per_sec_total: types.length / elapsedSec,
    median_events_per_sec_conn: median(results.map(seen => seen.types.length / elapsedSec)),
    first_hello_latency_sec: slowestSec(results.map(({ helloMs }) => helloMs)),
    first_full_snapshot_latency_sec: slowestSec(results.map(({ snapshotMs }) => snapshotMs)),
    full_snapshot_clients: results.filter(({ snapshotMs }) => snapshotMs !== null).length,
    by_type_total: byType,
    parse_errors_total: results.reduce((sum, { parseErrors }) => sum + parseErrors, 0),
    connection_errors: results.filter(({ error }) => error !== null).length,
    /** From the finished board to the event at the client; the board's time is in whole milliseconds. */
    dispatch_latency_ms: { p50: at(0.5), p95: at(0.95), p99: at(0.99), count: dispatch.length },
    median_event_size_bytes: sizes.length === 0 ? null : median(sizes),
  }
}

export type SseReport = Awaited<ReturnType<typeof benchSse>>

/** Why the run is no proof; empty when all is well. */
export function complaints(report: SseReport): readonly string[] {
  const missing = report.clients - report.full_snapshot_clients
  if (missing > 0) return [`${missing} of ${report.clients} clients got no snapshot`]
  return report.aggregate_events === 0 ? ['nothing was measured'] : []
}
