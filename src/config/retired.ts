// Names that no longer have an effect. Each is recognised and ignored, with one warning. docs/DEPRECATIONS.md has a row for each; a
// test keeps the two equal. No other code may mention these names.

export type Retired = {
  readonly name: string
  /** Completes "is retired and ignored: …". */
  readonly replacement: string
  /** The version that began to warn. */
  readonly warnedSince: string
  /** The day (ISO) from which the name is no longer recognised. */
  readonly removedIn: string
}

const since = { warnedSince: '0.1.0', removedIn: '2029-01-31' } as const

/** The replacement, then the names. */
const REPLACED: readonly (readonly [replacement: string, ...names: readonly string[]])[] = [
  ['always on', 'G6_SUMMARY_REWRITE', 'G6_SUMMARY_RICH_DIFF'],
  ['the stream is on with the HTTP server; `G6_SSE_HTTP=0` turns it off', 'G6_SSE_ENABLED'],
  ['resync is on with the stream; `G6_DISABLE_RESYNC_HTTP=1` turns it off', 'G6_SUMMARY_RESYNC_HTTP'],
  ['panels always come from the status', 'G6_SUMMARY_PANELS_MODE', 'G6_SUMMARY_READ_PANELS'],
  ['always on', 'G6_SUMMARY_UNIFIED_SNAPSHOT', 'G6_SUMMARY_AGG_V2', 'G6_SUMMARY_SIG_V2'],
  ['updates are merged for each reader by themselves', 'G6_UNIFIED_STREAM_GATER', 'G6_DISABLE_UNIFIED_GATER'],
  ['each new cycle of the status adds its items to `indices_stream.json`', 'G6_STREAM_GATE_MODE'],
  [
    'the command chooses: `g6 dashboard`, `g6 serve` or `g6 snapshot`',
    'G6_SUMMARY_MODE',
    'G6_SUMMARY_LEGACY',
  ],
  ['a failed cycle keeps the last board and does not delay the next', 'G6_SUMMARY_LOOP_BACKOFF_MS'],
  ['the alerts panel shows the newest 15; no log file of alerts is written', 'G6_SUMMARY_ALERTS_LOG_MAX'],
  [
    '`timing` in /summary/health and the metric g6_summary_panel_render_seconds show it',
    'G6_SUMMARY_DIAG_TIMING',
  ],
  [
    '`G6_LOG_LEVEL=debug`',
    'G6_SUMMARY_DIFF_DEBUG',
    'G6_SUMMARY_V2_LOG_DEBUG',
    'G6_PANELS_SSE_DEBUG',
    'G6_SSE_DEBUG',
    'G6_SSE_TRACE',
    'G6_PANELS_TXN_DEBUG',
    'G6_PANELS_TXN_AUTO_DEBUG',
  ],
  [
    'panels take the room they need; `G6_PANEL_W_<NAME>`, `G6_PANEL_H_<NAME>` and `G6_PANEL_MIN_COL_W` set it',
    'G6_SUMMARY_FREE_BODY',
    'G6_SUMMARY_FREE_FOOTER',
    'G6_SUMMARY_MAX_COLS',
  ],
  ['severities are always counted in the alerts panel', 'G6_ALERTS_SEVERITY_GROUPING'],
  ['the alerts panel shows the newest 15', 'G6_ALERTS_SEVERITY_TOP_CAP'],
  ['the follow-ups panel shows the newest 15', 'G6_FOLLOWUPS_PANEL_LIMIT'],
  ['the status says it: `app.started_at` or `uptime_sec`', 'G6_PROCESS_START_TS'],
  ['a followed stream always updates its own copy of the status', 'G6_PANELS_SSE_OVERLAY'],
  ['an event that does not fit is counted, and a full status is asked for', 'G6_PANELS_SSE_STRICT'],
  ['panel files always have one form, checked by tests', 'G6_PANELS_VALIDATE', 'G6_PANELS_SCHEMA_WRAPPER'],
  [
    'panel files are always written atomically, the manifest last',
    'G6_PANELS_ATOMIC',
    'G6_PANELS_ALWAYS_META',
  ],
  [
    'the manifest has a hash for each panel file; any reader can compare it',
    'G6_PANELS_INTEGRITY_MONITOR',
    'G6_PANELS_INTEGRITY_INTERVAL',
    'G6_PANELS_INTEGRITY_STRICT',
  ],
  [
    'panel files are never read back',
    'G6_PANELS_LOOP_BACKOFF_MS',
    'G6_PANELS_READ_BACKOFF_MS',
    'G6_PANELS_READ_RETRY',
    'G6_ALLOW_LEGACY_PANELS_BRIDGE',
  ],
  [
    '`g6 serve` and `g6 dashboard` write panel files; `G6_NO_WRITE_PANELS=1` turns them off',
    'G6_ENABLE_PANEL_PUBLISH',
    'G6_PUBLISHER_EMIT_INDICES_STREAM',
  ],
  ['events are sent when they happen; nothing is polled', 'G6_SSE_HTTP_POLL_INTERVAL', 'G6_EVENTS_SSE_POLL'],
  ['a connection ends when its reader leaves', 'G6_SSE_CONN_MIN_LIFETIME'],
  ['`bye` is always sent', 'G6_SSE_BYE_ON_SHUTDOWN'],
  ['guards always use the settings in force', 'G6_SSE_SECURITY_DIRECT', 'G6_SSE_SECURITY_STRICT'],
  [
    'histograms are on; `G6_SSE_METRICS_EXTENDED=0` turns them off',
    'G6_SSE_PERF_PROFILE',
    'G6_SSE_EMIT_LATENCY_CAPTURE',
    'G6_SSE_FLUSH_LATENCY_CAPTURE',
  ],
  [
    'a port that is taken is an error at start; use a proxy to redirect',
    'G6_ENABLE_HTTP_PORT_REDIRECT',
    'G6_HTTP_REDIRECT_FROM',
    'G6_HTTP_REDIRECT_TO',
  ],
  ['`NO_COLOR=1` or `FORCE_COLOR`', 'G6_NO_COLOR', 'G6_COLOR', 'G6_DISABLE_COLOR'],
  ['`G6_LOG_FORMAT=json`', 'G6_JSON_LOGS'],
]

export const RETIRED: readonly Retired[] = REPLACED.flatMap(([replacement, ...names]) =>
  names.map(name => ({ name, replacement, ...since })),
)

/** Names still in the table after their day of removal. */
export const overdue = (nowMs: number): readonly string[] =>
  RETIRED.filter(r => Date.parse(r.removedIn) <= nowMs).map(r => r.name)
