// Names that no longer do anything. They are seen and ignored, with one warning each; docs/DEPRECATIONS.md has a row for
// each (a test keeps the two equal). This is the one place in the code where these names may stand.

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

export const RETIRED: readonly Retired[] = [
  { name: 'G6_SUMMARY_REWRITE', replacement: 'always on', ...since },
  { name: 'G6_SUMMARY_RICH_DIFF', replacement: 'always on', ...since },
  {
    name: 'G6_SSE_ENABLED',
    replacement: 'the stream is on with the HTTP server; `G6_SSE_HTTP=0` turns it off',
    ...since,
  },
  {
    name: 'G6_SUMMARY_RESYNC_HTTP',
    replacement: 'resync is on with the stream; `G6_DISABLE_RESYNC_HTTP=1` turns it off',
    ...since,
  },
  { name: 'G6_SUMMARY_PANELS_MODE', replacement: 'panels always come from the status', ...since },
  { name: 'G6_SUMMARY_READ_PANELS', replacement: 'panels always come from the status', ...since },
  { name: 'G6_SUMMARY_UNIFIED_SNAPSHOT', replacement: 'always on', ...since },
  {
    name: 'G6_UNIFIED_STREAM_GATER',
    replacement: 'updates are merged for each reader by themselves',
    ...since,
  },
  {
    name: 'G6_DISABLE_UNIFIED_GATER',
    replacement: 'updates are merged for each reader by themselves',
    ...since,
  },
]

/** The names whose day of removal has come and that are still in the table. */
export const overdue = (nowMs: number): readonly string[] =>
  RETIRED.filter(r => Date.parse(r.removedIn) <= nowMs).map(r => r.name)
