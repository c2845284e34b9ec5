// The ids of all facts, with what they mean and their units: `docs/reference/events.md` lists them. An id is a path within the
// panels of a board, `<panel>.<name>…`; `*` matches any name (`.`, `/`, `,` and `%` in it are percent-encoded in an id).

export const FACT_IDS = {
  'header.app': ['text', 'name of the program that writes the status'],
  'header.version': ['text', 'its version'],
  'header.env': ['text', 'its environment'],
  'header.started_at_ms': ['number', 'when it started, epoch ms'],
  'header.uptime_sec': ['number', 'how long it has run, seconds, where the status says this itself'],
  'header.market': ['text', '`open` or `closed`'],
  'header.market_computed': [
    'yes or no',
    'whether the state follows from trading hours, not from the status',
  ],
  'header.next_open_ms': ['number', 'when the market opens next, epoch ms'],
  'header.next_open_computed': ['yes or no', 'whether that follows from trading hours'],
  'cycle.number': ['number', 'the collector’s count of its cycles'],
  'cycle.last_start_ms': ['number', 'when the newest cycle began, epoch ms'],
  'cycle.last_duration_sec': ['number', 'how long it took, seconds'],
  'cycle.success_pct': ['number', 'success rate, %'],
  'cycle.interval_sec': ['number', 'interval between two cycles, seconds'],
  'cycle.avg_ms': ['number', 'average duration of a cycle, ms'],
  'cycle.p95_ms': ['number', '95th percentile of it, ms'],
  'indices.*.ltp': ['number', 'last traded price'],
  'indices.*.change_pct': ['number', 'change of the price, %'],
  'indices.*.dq_pct': ['number', 'data quality, %'],
  'indices.*.age_sec': ['number', 'age of the data, seconds'],
  'indices.*.legs': ['number', 'legs of the newest cycle'],
  'indices.*.success_pct': ['number', 'success rate, %'],
  'indices.*.fails': ['number', 'legs that failed'],
  'analytics.pcr': ['number', 'put-call ratio'],
  'analytics.max_pain.*': ['number', 'max pain of an index'],
  'alerts.total': ['number', 'alerts counted'],
  'alerts.items': [
    'list',
    'the alerts shown, newest first: `at_ms` (epoch ms), `time` (the same in the time zone of the board), `level` (`critical`, `warn`, `info`), `component`, `message`, `times` (how often it came within a minute)',
  ],
  'resources.cpu_pct': ['number', 'processor, %'],
  'resources.memory_mb': ['number', 'memory, MB'],
  'storage.lag': ['number', 'lag of writing'],
  'storage.queue_depth': ['number', 'queued writes'],
  'storage.last_flush_age_sec': ['number', 'since the last flush, seconds'],
  'perfstore.latency_ms': ['number', 'latency of the data provider, ms'],
  'perfstore.metrics.*': ['number', 'a metric of the status, in its own unit'],
} as const satisfies Readonly<
  Record<string, readonly [kind: 'number' | 'text' | 'yes or no' | 'list', meaning: string]>
>
