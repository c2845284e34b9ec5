// Every metric of the program, declared once.
import type { Declaration } from './declare.js'
import { chatMetrics } from './families/chat.js'
import { fleetMetrics } from './families/fleet.js'
import { historyMetrics } from './families/history.js'
import { ingestMetrics } from './families/ingest.js'
import { loopMetrics } from './families/loop.js'
import { notifyMetrics } from './families/notify.js'
import { connectionMetrics, eventMetrics } from './families/stream.js'
import { summaryMetrics } from './families/summary.js'

/** In the order of the reference page and of a scrape. */
export const DECLARED = {
  ...connectionMetrics,
  ...eventMetrics,
  ...summaryMetrics,
  ...loopMetrics,
  ...ingestMetrics,
  ...chatMetrics,
  ...fleetMetrics,
  ...notifyMetrics,
  ...historyMetrics,
} as const satisfies Readonly<Record<string, Declaration>>

export type Declared = typeof DECLARED

/**
 * The process metrics of prom-client that pass `promtool check metrics`, so without its `…_total` gauges. Also without
 * `nodejs_active_resources`, `…_handles` and `…_requests`: each lists every connection at once, so that a scrape with 10 000 readers
 * took 12 ms instead of 3 and delayed events by 6 ms. `process_open_fds` and `g6_sse_http_active_connections` show a leak as well.
 */
export const PROCESS_DEFAULTS = [
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
  'process_max_fds',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_version_info',
  'nodejs_gc_duration_seconds',
] as const

/** Every name that a scrape can show, aliases included. */
export function metricNames(): readonly string[] {
  const declared = Object.entries<Declaration>(DECLARED).flatMap(([name, { aliases }]) => [
    name,
    ...aliases.map(alias => alias.name),
  ])
  return [...declared, ...PROCESS_DEFAULTS]
}
