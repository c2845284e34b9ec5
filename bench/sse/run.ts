// Many clients on one stream for a while: whether each gets its snapshot, how many events a second, how soon.
import { setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { median, percentile } from '../stats.js'
import { measureClient } from './client.js'

export type SseOptions = {
  readonly url: string
  readonly clients: number
  readonly durationSec: number
  readonly token: string | null
}

/** How much longer the run waits for clients without a snapshot: the machine may be busy. */
const SNAPSHOTS_WITHIN_MS = 30_000

/** Seconds of the slowest client; null when none has the value. */
function slowestSec(valuesMs: readonly (number | null)[]): number | null {
  const known = valuesMs.filter(value => value !== null)
  return known.length === 0 ? null : Math.max(...known) / 1000
}

export async function benchSse({ url, clients, durationSec, token }: SseOptions) {
  const abort = new AbortController()
  setMaxListeners(0, abort.signal)
  let left = clients
  let allServed = (): void => {}
  const served = new Promise<void>(resolve => {
    allServed = resolve
  })
  const startMs = performance.now()
  const running = Array.from({ length: clients }, () =>
    measureClient(url, token, abort.signal, () => {
      left--
      if (left === 0) allServed()
    }),
  )
  const measured = wait(durationSec * 1000).then(() =>
    Promise.race([served, wait(SNAPSHOTS_WITHIN_MS, undefined, { ref: false })]),
  )
  await Promise.race([measured, Promise.all(running)])
  const elapsedSec = (performance.now() - startMs) / 1000
  abort.abort()
  const results = await Promise.all(running)
  const events = results.reduce((sum, result) => sum + result.events, 0)
  const byType: Record<string, number> = {}
  for (const [type, count] of results.flatMap(result => [...result.byType]))
    byType[type] = (byType[type] ?? 0) + count
  const dispatch = results.flatMap(({ dispatchMs }) => dispatchMs)
  const sizes = results.flatMap(result => result.sizes)
  const at = (part: number) => (dispatch.length === 0 ? null : percentile(dispatch, part))
  return {
    url,
    clients,
    duration_requested_sec: durationSec,
    elapsed_sec: elapsedSec,
    aggregate_events: events,
    events_per_sec_total: events / elapsedSec,
    median_events_per_sec_conn: median(results.map(result => result.events / elapsedSec)),
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
