// The candidate table, written out a second time: each candidate alone, each pair in order, and each candidate skipped when it has
// the wrong type.
import { describe, expect, test } from 'vitest'
import * as table from './candidates.js'
import { derive } from './derive.js'
import type { Field } from './pick.js'
import type { Snapshot } from './snapshot.js'

type Row = {
  readonly field: string
  readonly of: (snapshot: Snapshot) => unknown
  /** Path, the value there, the value in the snapshot. */
  readonly candidates: readonly (readonly [path: string, given: unknown, expected: unknown])[]
}

const numbers = (...paths: readonly string[]) => paths.map((path, i) => [path, 10 + i, 10 + i] as const)
const texts = (...paths: readonly string[]) =>
  paths.map((path, i) => [path, `text ${i}`, `text ${i}`] as const)
const times = (...paths: readonly string[]) =>
  paths.map((path, i) =>
    i % 2 === 0
      ? ([path, `2025-11-20T05:10:0${i}Z`, Date.UTC(2025, 10, 20, 5, 10, i)] as const)
      : ([path, 1_763_615_400 + i, (1_763_615_400 + i) * 1000] as const),
  )

const TABLE: readonly Row[] = [
  { field: 'app.name', of: s => s.app.name, candidates: texts('app.name') },
  { field: 'app.version', of: s => s.app.version, candidates: texts('app.version', 'version') },
  { field: 'app.startedAtMs', of: s => s.app.startedAtMs, candidates: times('app.started_at') },
  {
    field: 'app.uptimeSec',
    of: s => s.app.uptimeSec,
    candidates: numbers('app.uptime_sec', 'uptime_sec', 'uptime'),
  },
  {
    field: 'market.state',
    of: s => s.market.state,
    candidates: [
      ['market_open', true, 'open'],
      ['equity_market_open', false, 'closed'],
      ['market.status', 'OPEN', 'open'],
    ],
  },
  {
    field: 'market.nextOpenMs',
    of: s => s.market.nextOpenMs,
    candidates: times('next_market_open', 'market.next_open', 'market.next_open_hms'),
  },
  {
    field: 'cycle.number',
    of: s => s.cycle.number,
    candidates: numbers(
      'loop.cycle',
      'loop.number',
      'cycle',
      'cycle.number',
      'cycle.cycle',
      'last_cycle',
      'last_cycle.number',
      'last_cycle.cycle',
    ),
  },
  {
    field: 'cycle.lastStartMs',
    of: s => s.cycle.lastStartMs,
    candidates: times(
      'cycle.start',
      'cycle.last_start',
      'last_cycle_start',
      'loop.last_start',
      'loop.last_run',
      'timestamp',
    ),
  },
  {
    field: 'cycle.lastDurationSec',
    of: s => s.cycle.lastDurationSec,
    candidates: numbers(
      'cycle.duration',
      'cycle.last_duration',
      'last_cycle_duration',
      'loop.last_duration',
      'elapsed',
    ),
  },
  {
    field: 'cycle.successPct',
    of: s => s.cycle.successPct,
    candidates: numbers(
      'cycle.success_rate',
      'cycle.success_rate_pct',
      'loop.success_rate',
      'success_rate_pct',
    ),
  },
  {
    field: 'cycle.intervalSec',
    of: s => s.cycle.intervalSec,
    candidates: numbers('interval', 'loop.target_interval', 'loop.interval'),
  },
  {
    field: 'cycle.nextRunInSec',
    of: s => s.cycle.nextRunInSec,
    candidates: numbers('loop.next_run_in_sec', 'loop.next_run_in', 'sleep_sec'),
  },
  { field: 'cycle.avgMs', of: s => s.cycle.avgMs, candidates: numbers('loop.avg_cycle_ms') },
  { field: 'cycle.p95Ms', of: s => s.cycle.p95Ms, candidates: numbers('loop.p95_cycle_ms', 'loop.p95_ms') },
  {
    field: 'alerts.total',
    of: s => s.alerts.total,
    candidates: numbers('alerts.total', 'alerts.alerts_total'),
  },
  {
    field: 'alerts.bySeverity',
    of: s => s.alerts.bySeverity,
    candidates: [
      ['alerts.severity_counts', { critical: 1 }, { critical: 1 }],
      ['alerts.severity', { warn: 2 }, { warn: 2 }],
    ],
  },
  { field: 'analytics.pcr', of: s => s.analytics.pcr, candidates: numbers('analytics.pcr') },
  {
    field: 'analytics.maxPain',
    of: s => s.analytics.maxPain.NIFTY ?? null,
    candidates: [['analytics.max_pain', { NIFTY: 24_500 }, 24_500]],
  },
  {
    field: 'resources.cpuPct',
    of: s => s.resources.cpuPct,
    candidates: numbers('resources.cpu_pct', 'resources.cpu_percent', 'resources.cpu', 'cpu_pct'),
  },
  {
    field: 'resources.memoryMb',
    of: s => s.resources.memoryMb,
    candidates: [
      ...numbers('resources.memory_mb', 'resources.mem_mb', 'resources.rss_mb'),
      ['resources.rss', 242_745_344, 231.5],
      ['memory.rss_mb', 21, 21],
      ['memory.rss', 262_144_000, 250],
      ['memory_mb', 23, 23],
    ],
  },
  { field: 'storage.lag', of: s => s.storage.lag, candidates: numbers('storage.lag', 'storage.backlog') },
  {
    field: 'storage.queueDepth',
    of: s => s.storage.queueDepth,
    candidates: numbers('storage.queue_depth', 'storage.pending'),
  },
  {
    field: 'storage.lastFlushAgeSec',
    of: s => s.storage.lastFlushAgeSec,
    candidates: numbers('storage.last_flush_age_sec', 'storage.last_flush_age', 'storage.flush_age_sec'),
  },
  {
    field: 'storage.csv',
    of: s => s.storage.csv?.records ?? null,
    candidates: [['sinks.csv', { records: 3 }, 3]],
  },
  {
    field: 'storage.influxdb',
    of: s => s.storage.influxdb?.healthy ?? null,
    candidates: [['sinks.influxdb', { healthy: false }, false]],
  },
  {
    field: 'storage.backup',
    of: s => s.storage.backup?.last ?? null,
    candidates: [['sinks.backup', { last: '3.5h' }, '3.5h']],
  },
  {
    field: 'provider.name',
    of: s => s.provider.name,
    candidates: texts(
      'provider.name',
      'provider.primary',
      'provider',
      'providers.name',
      'providers.primary',
      'providers',
    ),
  },
  {
    field: 'provider.latencyMs',
    of: s => s.provider.latencyMs,
    candidates: numbers('provider.latency_ms', 'providers.latency_ms'),
  },
  {
    field: 'provider.authValid',
    of: s => s.provider.authValid,
    candidates: [
      ['provider.auth.valid', true, true],
      ['provider.token.valid', false, false],
      ['providers.auth.valid', true, true],
      ['providers.token.valid', false, false],
    ],
  },
  {
    field: 'provider.authExpiryMs',
    of: s => s.provider.authExpiryMs,
    candidates: times('provider.auth.expiry', 'provider.expiry', 'providers.auth.expiry', 'providers.expiry'),
  },
  {
    field: 'provider.lastBackoffMs',
    of: s => s.provider.lastBackoffMs,
    candidates: times(
      'provider.last_backoff',
      'provider.last_backoff_ts',
      'provider.backoff.last',
      'providers.last_backoff',
      'providers.last_backoff_ts',
      'providers.backoff.last',
    ),
  },
  {
    field: 'health',
    of: s => s.health.collector ?? null,
    candidates: [
      ['health', { collector: 'ok' }, 'ok'],
      ['components', { collector: { status: 'down' } }, 'down'],
    ],
  },
  {
    field: 'links',
    of: s => s.links.metrics ?? null,
    candidates: [['links', { metrics: 'http://m' }, 'http://m']],
  },
  { field: 'perf', of: s => s.perf.api_ms ?? null, candidates: [['performance', { api_ms: 88.4 }, 88.4]] },
  { field: 'config.env', of: s => s.config.env, candidates: texts('config.env') },
  {
    field: 'adaptiveBacklogRatio',
    of: s => s.adaptiveBacklogRatio,
    candidates: numbers('adaptive.backlog_ratio', 'adaptive_backlog_ratio'),
  },
]

type Tree = { [key: string]: unknown }

function put(root: Tree, path: string, value: unknown): Tree {
  const [head = '', ...rest] = path.split('.')
  const inner = rest.length === 0 ? value : put((root[head] ?? {}) as Tree, rest.join('.'), value)
  return { ...root, [head]: inner }
}

/** `cycle` as a number and `cycle.number` exclude each other. */
function excludeEachOther(a: string, b: string): boolean {
  return a.startsWith(`${b}.`) || b.startsWith(`${a}.`)
}

const alone = TABLE.flatMap(row => row.candidates.map(candidate => ({ row, candidate })))
const pairs = TABLE.flatMap(row =>
  row.candidates.flatMap((first, i) =>
    row.candidates
      .slice(i + 1)
      .filter(second => !excludeEachOther(first[0], second[0]))
      .map(second => ({ row, first, second })),
  ),
)

test('no candidate has the name of an inherited member, so a missing one is never found on the prototype', () => {
  const fields = Object.values(table).flatMap(fieldsOf => Object.values<Field<unknown>>(fieldsOf))
  const segments = fields.flatMap(({ candidates }) => candidates.flatMap(candidate => candidate.segments))
  expect(segments.length).toBeGreaterThan(50)
  expect(segments.filter(segment => segment in {})).toEqual([])
})

describe('each candidate alone', () => {
  test.each(alone.map(({ row, candidate }) => [row.field, candidate[0], row, candidate] as const))(
    '%s is read from %s, and the origin says so',
    (field, path, row, [, given, expected]) => {
      const snapshot = derive(put({}, path, given))
      expect(row.of(snapshot)).toEqual(expected)
      expect(snapshot.origins[field]).toBe(path)
    },
  )

  test.each(TABLE.map(row => [row.field, row] as const))(
    '%s is missing when nothing gives it',
    (field, row) => {
      const snapshot = derive({})
      expect(row.of(snapshot) ?? null).toEqual(field === 'alerts.bySeverity' ? {} : null)
      expect(snapshot.origins[field]).toBeUndefined()
    },
  )
})

const named = pairs.map(
  ({ row, first, second }) => [row.field, first[0], second[0], row, first, second] as const,
)

describe('two candidates together', () => {
  test.each(named)('%s is read from %s rather than from %s', (_, _first, _second, row, first, second) => {
    const status = put(put({}, second[0], second[1]), first[0], first[1])
    expect(row.of(derive(status))).toEqual(first[2])
  })

  test.each(named)(
    'of %s, a %s of the wrong type gives way to %s',
    (_, _first, _second, row, first, second) => {
      for (const wrong of [null, 1.5, 'word', true]) {
        // A value of the same type is not wrong; bare text is a valid health.
        if (typeof wrong === typeof first[1] || row.field === 'health') continue
        if (row.field.endsWith('Ms') && wrong === 1.5) continue
        const status = put(put({}, second[0], second[1]), first[0], wrong)
        expect(row.of(derive(status))).toEqual(second[2])
      }
    },
  )
})

describe('values', () => {
  test('zero is a value', () => {
    const snapshot = derive({
      cpu_pct: 50,
      resources: { cpu_pct: 0 },
      loop: { cycle: 0 },
      storage: { lag: 0 },
    })
    expect(snapshot.resources.cpuPct).toBe(0)
    expect(snapshot.cycle.number).toBe(0)
    expect(snapshot.storage.lag).toBe(0)
  })

  test('true is not a number, and neither is anything that is not finite or not plain', () => {
    const snapshot = derive({
      elapsed: '0.73 s',
      interval: true,
      memory_mb: Number.NaN,
      cpu_pct: Number.POSITIVE_INFINITY,
    })
    expect(snapshot.cycle.lastDurationSec).toBeNull()
    expect(snapshot.cycle.intervalSec).toBeNull()
    expect(snapshot.resources).toEqual({ cpuPct: null, memoryMb: null })
  })

  test('the market is open, closed or unknown', () => {
    const stateOf = (status: unknown) => derive({ market: { status } }).market.state
    expect(['HOLIDAY', 'weekend'].map(stateOf)).toEqual(['closed', 'closed'])
    expect(['OPEN', ' closed ', 'CLOSE', 'halted', '', true].map(stateOf)).toEqual([
      'open',
      'closed',
      'closed',
      null,
      null,
      null,
    ])
    expect(derive({ market_open: false, market: { status: 'OPEN' } }).market.state).toBe('closed')
  })

  test('a next opening without a date is not read as a moment', () => {
    expect(derive({ market: { next_open_hms: '09:15:00' } }).market.nextOpenMs).toBeNull()
  })

  test('memory.rss is megabytes up to 10 000 and bytes above', () => {
    expect(derive({ memory: { rss: 10_000 } }).resources.memoryMb).toBe(10_000)
    expect(derive({ memory: { rss: 10_001 } }).resources.memoryMb).toBeCloseTo(0.0095, 4)
  })
})
