// What a person must see of the collector's own documents and of the numbers that real writers write, line by line.
import { readFileSync } from 'node:fs'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { createPanelBuilder } from '../../src/engine/panel-builder.js'
import { DEFAULT_THRESHOLDS } from '../../src/panels/thresholds.js'
import { derive } from '../../src/snapshot/derive.js'
import type { Status } from '../../src/snapshot/reading.js'
import type { SourceZone } from '../../src/snapshot/zone.js'

const fixture = (name: string): Status =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/cases/${name}.json`, import.meta.url), 'utf8'))

/** A Friday, 10:41:10 in India: the market is open. */
const NOW = Date.UTC(2026, 10, 20, 5, 11, 10)

function panelsOf(status: Status, nowMs = NOW, sourceZone: SourceZone = null) {
  const links = { source: 'x', metricsUrl: null, streamUrl: null, pageUrl: null }
  const context = { thresholds: DEFAULT_THRESHOLDS, timezone: 'Asia/Kolkata', sourceZone, links, nowMs }
  return createPanelBuilder().build({ ...context, snapshot: derive(status, [], sourceZone) })
}

function linesOf(key: string, ...given: Parameters<typeof panelsOf>): readonly string[] {
  return panelsOf(...given).find(panel => panel.key === key)?.lines ?? []
}

describe('times without a zone', () => {
  const naive = fixture('domain/e1-naive-ist')

  test('are UTC while no zone is set, and marked, since they lie in the future', () => {
    expect(linesOf('cycle', naive)).toContain('last_start: 16:11:07 (in the future) !')
    expect(linesOf('alerts', naive)[3]).toMatch(/^16:10:00 \(in the future\) ! {2}warn ! +nse +late$/)
  })

  test('are in the zone that is set', () => {
    expect(linesOf('cycle', naive, NOW, 'Asia/Kolkata')).toContain('last_start: 10:41:07')
    expect(linesOf('alerts', naive, NOW, 'Asia/Kolkata')[3]).toMatch(/^10:40:00 {2}warn ! +nse +late$/)
  })

  test('lose the mark when they have passed, with a tolerance of 5 s', () => {
    const builder = createPanelBuilder()
    const snapshot = derive(naive)
    const links = { source: 'x', metricsUrl: null, streamUrl: null, pageUrl: null }
    const context = { snapshot, thresholds: DEFAULT_THRESHOLDS, timezone: 'UTC', links }
    const start = Date.UTC(2026, 10, 20, 10, 41, 7)
    const shown = (nowMs: number) => builder.build({ ...context, nowMs })[1]?.lines[1]
    expect([start - 5_001, start - 5_000, start].map(shown)).toEqual([
      'last_start: 10:41:07 (in the future) !',
      'last_start: 10:41:07',
      'last_start: 10:41:07',
    ])
  })

  test('are marked at sinks, at the start, at a backoff and at ages, but not where the future is expected', () => {
    const status: Status = {
      market_open: false,
      next_market_open: '2026-11-23T03:45:00Z',
      app: { started_at: '2026-11-20T06:00:00Z' },
      sinks: { csv: { last_write: '2026-11-20T06:00:00Z', next_flush: '2026-11-20T06:00:00Z' } },
      provider: {
        name: 'kite',
        last_backoff: '2026-11-20T06:00:00Z',
        auth: { valid: true, expiry: '2026-11-21T00:00:00Z' },
      },
      indices: { NIFTY: { age_sec: -300 } },
    }
    expect(linesOf('header', status)).toContain('started: 11:30:00 (in the future) !')
    expect(linesOf('header', status)).toContain('next_open: 09:15:00')
    expect(linesOf('storage', status).slice(4)).toEqual([
      'CSV   last_write  11:30:00 (in the future) !',
      'CSV   next_flush                  11:30:00',
    ])
    expect(linesOf('perfstore', status).slice(2, 4)).toEqual([
      'auth: valid',
      'backoff: 11:30:00 (in the future) !',
    ])
    expect(linesOf('indices', status).at(-1)).toMatch(/300s in the future !$/)
  })
})

test('reads the documents of the collector: legs with their average, ratios, sinks by their other names', () => {
  const status = fixture('domain/e2-real-shapes')
  expect(linesOf('indices', status)).toEqual([
    'count: 2',
    'names: NIFTY, BANKNIFTY',
    'data_points: 136',
    'Index           LTP  Change %  Status   DQ %      Legs  Age  Success %    Fails',
    'NIFTY      24512.30         —  ok      93.10    12 (9)    —      91.00 !      3 !',
    'BANKNIFTY  52110.80         —  ok      98.00  124 (16)    —     100.00        0',
  ])
  expect(linesOf('cycle', status)).toContain('success_rate: 97.00%')
  expect(linesOf('storage', status).slice(3)).toEqual([
    'Sink      Metric             Value',
    'CSV       last_write      10:41:05',
    'CSV       records            40211',
    'CSV       write_errors           2 !',
    'InfluxDB  points_written        12',
  ])
  expect(linesOf('perfstore', status)).toEqual(['provider: kite', 'latency_ms: 210'])
  expect(linesOf('header', status)).toContain('market: open (computed)')
})

test('plain decimal numbers in text are numbers, with separators too', () => {
  const status = fixture('domain/e7-text-numbers')
  expect(linesOf('indices', status).slice(2)).toEqual([
    'data_points: 392',
    'Index           LTP  Change %  Status   DQ %  Legs  Age',
    'NIFTY      24512.30     +0.05  ok      91.20   212    —',
    'BANKNIFTY  90822.00     -0.41  ok          —   180    —',
  ])
  expect(linesOf('cycle', status).slice(0, 5)).toEqual([
    'cycle: 912',
    'last_start: 13:33:42',
    'last_duration: 0.810s',
    'success_rate: 97.40%',
    'interval: 60s',
  ])
  expect(linesOf('resources', status).slice(0, 2)).toEqual(['cpu_pct: 17.3', 'memory_mb: 242.1'])
  expect(linesOf('header', status).join('\n')).not.toContain('wrong type')
})

test('analytics by index and by expiry are shown, without a judgement where none is possible', () => {
  expect(linesOf('analytics', fixture('domain/e8-pcr-per-index'))).toEqual([
    'pcr: —',
    'sentiment: —',
    'Index           LTP  Max pain  Distance %   PCR   IV %',
    'NIFTY      24512.30  24500.00       +0.05  1.31  12.40',
    'BANKNIFTY  52110.80  52000.00       +0.21  0.62      —',
    'Index  Expiry          PCR  Max pain    IV %',
    'NIFTY  2026-11-26     1.12  24450.00  367.68',
    'NIFTY  2026-12-03  3926.00  24600.00       —',
  ])
})

describe('numbers of any size', () => {
  const panels = panelsOf(fixture('writers/b8-numbers'), Date.UTC(2026, 10, 29, 15))
  const lines = (key: string) => panels.find(panel => panel.key === key)?.lines ?? []

  test('show no wrong digit, and no 0 for a value that is not 0', () => {
    expect(lines('header')).toContain('cycle: 9.007e15')
    expect(lines('indices').slice(-4)).toEqual([
      'Index       LTP  Change %  Status  DQ %  Legs  Age',
      'A          1e21      0.00  —          —     —    —',
      'B          1e-7    +1e308  —          —     —    —',
      'C      24512.30         —  —          —  1e21    —',
    ])
    expect(lines('analytics')).toContain('pcr: 1e-7')
    expect(lines('perfstore').slice(0, 2)).toEqual(['big=1e21', 'small=1e-9'])
    expect(lines('storage').slice(0, 2)).toEqual(['lag: 1e21', 'queue_depth: 0'])
    expect(lines('resources')).toEqual(['cpu_pct: 1e308 !!', 'memory_mb: 1e21', 'memory_level: 3 !!'])
  })

  test('break no column', () => {
    for (const { blocks } of panels) {
      for (const block of blocks) {
        if (block.kind !== 'table') continue
        for (const cell of block.rows.flat()) expect(stringWidth(cell.text)).toBeLessThan(25)
      }
    }
  })
})

describe('values of a wrong type', () => {
  test('are counted, and the first is named in the Overview', () => {
    const indices = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`I${i}`, { ltp: 'n/a', legs: [], age_sec: true, status: 'ok' }]),
    )
    const lines = linesOf('header', { indices, market_open: true })
    expect(lines.at(-1)).toBe('27 values of a wrong type, e.g. indices.I0.ltp !')
  })

  test.each<[string, Status]>([
    ['null and blank text', { cpu_pct: null, memory_mb: '', alerts: [{ time: null, message: 'm' }] }],
    ['the other forms of a member', { cycle: { number: 1 }, provider: 'kite', health: { a: {}, b: 'ok' } }],
    ['a market word that is not known', { market: { status: 'PRE_OPEN', next_open_hms: '09:15:00' } }],
    ['lists and maps among metrics, sinks and links', { performance: { a: [], b: {} }, links: { c: {} } }],
    ['zero where it means unknown', { loop: { p95_cycle_ms: 0 }, memory_mb: 0 }],
  ])('are not %s', (_, status) => {
    expect(linesOf('header', status).join('\n')).not.toContain('wrong type')
  })

  test('are found in every part of a status', () => {
    const status: Status = {
      loop: { cycle: 'x', last_run: '25-13-2024', success_rate: '97%' },
      alerts: [{ time: 'now', message: 'm' }],
      analytics: { pcr: 'high', NIFTY: { iv: true } },
      provider: { latency_ms: '66ms' },
      health: { collector: 1 },
      market_open: 'yes',
    }
    expect(derive(status).wrongTypes.count).toBe(9)
  })
})

describe('values that the status does not give', () => {
  const closed = fixture('domain/e3-market-closed')

  test('the next opening is as given, or computed and marked', () => {
    const { next_market_open: _, ...unsaid } = closed
    const now = Date.UTC(2026, 10, 27, 10, 0, 1)
    expect(linesOf('header', closed, now)).toContain('next_open: 09:15:00')
    expect(linesOf('header', unsaid, now)).toContain('next_open: Mon 09:15:00 (computed)')
  })

  test('the market follows trading hours, only for a status of indices that says nothing about it', () => {
    const flat: Status = { cycle: 1, indices: ['NIFTY'] }
    const market = (nowMs: number, status = flat) =>
      linesOf('header', status, nowMs).find(line => line.startsWith('market:'))
    const opens = Date.UTC(2026, 10, 20, 3, 45)
    const closes = Date.UTC(2026, 10, 20, 10)
    expect([opens - 1, opens, closes - 1, closes].map(nowMs => market(nowMs))).toEqual([
      'market: closed (computed)',
      'market: open (computed)',
      'market: open (computed)',
      'market: closed (computed)',
    ])
    expect(market(Date.UTC(2026, 10, 21, 6))).toBe('market: closed (computed)')
    expect(market(NOW, { cycle: 1 })).toBe('market: —')
    expect(market(closes, { ...flat, market_open: true })).toBe('market: open')
  })

  test('the market changes when trading hours begin and end, without a new status', () => {
    const builder = createPanelBuilder()
    const links = { source: 'x', metricsUrl: null, streamUrl: null, pageUrl: null }
    const snapshot = derive({ cycle: 1, indices: ['NIFTY'] })
    const context = { snapshot, thresholds: DEFAULT_THRESHOLDS, timezone: 'UTC', links }
    const before = builder.build({ ...context, nowMs: NOW })
    expect(builder.build({ ...context, nowMs: NOW + 3_600_000 })).toBe(before)
    const after = builder.build({ ...context, nowMs: Date.UTC(2026, 10, 20, 10) })
    expect(after.flatMap(({ key }, i) => (after[i] === before[i] ? [] : [key]))).toEqual([
      'header',
      'indices',
      'alerts',
    ])
  })

  test('low quality and a closed market are among the alerts, marked as computed and counted nowhere', () => {
    const indices = { BANKNIFTY: { dq_score: 75.6 }, NIFTY: { dq_score: 93 }, SENSEX: { dq_score: 60 } }
    expect(linesOf('alerts', { indices, market_open: false, alerts: [] })).toEqual([
      'total: 0',
      'by_severity: —',
      'Low data quality: BANKNIFTY 75.6 %, SENSEX 60 % (computed) !!',
      'Market is closed (computed)',
    ])
  })

  test('the start time of the collector is shown, otherwise its uptime, in minutes', () => {
    const both = { app: { started_at: '2026-11-20T03:40:31Z', uptime_sec: 5_400 } }
    expect(linesOf('header', both).at(-1)).toBe('started: 09:10:31')
    const uptime = (uptime_sec: number) =>
      linesOf('header', { uptime_sec }).find(line => line.startsWith('uptime:'))
    expect([45, 5_400, 86_400, 90_061].map(uptime)).toEqual([
      'uptime: 45s',
      'uptime: 1h 30m',
      'uptime: 1d',
      'uptime: 1d 1h 1m',
    ])
  })

  test('a value is unknown where 0 means unknown', () => {
    const status: Status = {
      loop: { p95_cycle_ms: 0, avg_cycle_ms: 0 },
      provider: { latency_ms: 0 },
      resources: { rss: 0, cpu: 0 },
    }
    expect(linesOf('cycle', status).slice(-2)).toEqual(['avg: —', 'p95: —'])
    expect(linesOf('perfstore', status)).toContain('latency_ms: —')
    expect(linesOf('resources', status)).toEqual(['cpu_pct: 0.0', 'memory_mb: —', 'memory_level: —'])
  })
})
