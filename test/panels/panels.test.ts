// What a person reads: each panel from a small status, at the edges of its thresholds.
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { type BuildContext, createPanelBuilder } from '../../src/engine/panel-builder.js'
import type { Panel } from '../../src/panels/panel.js'
import { DEFAULT_THRESHOLDS } from '../../src/panels/thresholds.js'
import { derive } from '../../src/snapshot/derive.js'
import type { Status } from '../../src/snapshot/reading.js'

const NOW = Date.UTC(2025, 10, 20, 5, 10, 32)

function panelOf(key: string, status: Status, more: Partial<BuildContext> = {}): Panel {
  const links = { source: 'data/runtime_status.json', metricsUrl: null, streamUrl: null, pageUrl: null }
  const context = { thresholds: DEFAULT_THRESHOLDS, timezone: 'Asia/Kolkata', links, nowMs: NOW, ...more }
  const panels = createPanelBuilder().build({ snapshot: derive(status), ...context })
  const panel = panels.find(one => one.key === key)
  if (panel === undefined) throw new Error(`no panel ${key}`)
  return panel
}

const linesFor = (key: string, status: Status, more: Partial<BuildContext> = {}) =>
  panelOf(key, status, more).lines
const lineOf = (key: string, label: string, status: Status, more: Partial<BuildContext> = {}) =>
  linesFor(key, status, more).find(line => line.startsWith(`${label}:`))

describe('header', () => {
  test('shows the next opening in the zone of the reader', () => {
    const status = { market_open: false, next_market_open: '2025-11-21T03:45:00Z' }
    expect(linesFor('header', status)).toEqual([
      'app: —',
      'version: —',
      'market: closed',
      'next_open: 09:15:00',
      'indices: —',
      'env: —',
      'cycle: —',
    ])
  })

  test('clips a long list of names', () => {
    const indices = Array.from({ length: 500 }, (_, i) => `INDEX${i}`)
    expect(lineOf('header', 'indices', { indices })).toMatch(/^indices: INDEX0, INDEX1, .*…$/)
  })
})

describe('cycle', () => {
  test.each([
    [95, 'success_rate: 95.00%', 'ok'],
    [94.99, 'success_rate: 94.99% !', 'warn'],
    [85, 'success_rate: 85.00% !', 'warn'],
    [84.99, 'success_rate: 84.99% !!', 'error'],
  ])('judges a success rate of %s', (rate, line, tone) => {
    const panel = panelOf('cycle', { success_rate_pct: rate })
    expect(panel.lines).toContain(line)
    expect(panel.tone).toBe(tone)
  })

  test.each([
    [10_999, 'p95: 10999ms'],
    [11_000, 'p95: 11000ms !'],
    [13_999, 'p95: 13999ms !'],
    [14_000, 'p95: 14000ms !!'],
  ])('judges a p95 of %i ms by an interval of 10 s', (p95Ms, line) => {
    expect(lineOf('cycle', 'p95', { interval: 10, loop: { p95_ms: p95Ms } })).toBe(line)
  })

  test('has no judgement of p95 without an interval', () => {
    for (const interval of [null, 0, -1]) {
      expect(lineOf('cycle', 'p95', { interval, loop: { p95_ms: 1e9 } })).toBe('p95: 1000000000ms')
    }
  })
})

describe('indices', () => {
  const closed = { market_open: false, indices: { N: { ltp: 5, status: 'stale', age_sec: 57_600 } } }

  test('of a closed market may be old, unless the setting says otherwise', () => {
    expect(panelOf('indices', closed).tone).toBe('info')
    expect(panelOf('indices', { ...closed, market_open: true }).tone).toBe('error')
    expect(panelOf('indices', closed, { staleness: 'always' }).tone).toBe('error')
  })

  test('mark a price of 0, but not while the market is closed', () => {
    const zero = { indices: { N: { ltp: 0, status: 'ok' } } }
    expect(linesFor('indices', { ...zero, market_open: true }).at(-1)).toMatch(/0\.00 !/)
    expect(panelOf('indices', { ...zero, market_open: false }).tone).toBe('ok')
  })

  const dq = (score: number) => ({ indices: { N: { dq_score: score } } })

  test.each([
    [85, /85\.00$/, 'ok'],
    [84.99, /84\.99 !$/, 'warn'],
    [70, /70\.00 !$/, 'warn'],
    [69.99, /69\.99 !!$/, 'error'],
  ])('judges a data quality of %s', (score, shown, tone) => {
    const panel = panelOf('indices', dq(score))
    expect(panel.lines.at(-1)?.replace(/( +—)+$/, '')).toMatch(shown)
    expect(panel.tone).toBe(tone)
  })

  test.each([
    [89, ' 89s'],
    [90, ' 90s !'],
    [179, ' 179s !'],
    [180, ' 180s !!'],
  ])('judges an age of %i s by an interval of 60 s', (age, end) => {
    expect(
      linesFor('indices', { interval: 60, indices: { N: { age } } })
        .at(-1)
        ?.endsWith(end),
    ).toBe(true)
  })

  test('have a column of fails when a log gives any', () => {
    const indexFails = { NIFTY: 0, SENSEX: 3 }
    const lines = linesFor('indices', { indices: ['NIFTY', 'SENSEX', 'toString'] }, { indexFails })
    expect(lines.slice(2).map(line => line.split(/ {2,}/).at(-1))).toEqual(['Fails', '0', '3 !', '—'])
  })

  test('drop columns on a narrow screen in order: name and price stay longest', () => {
    const table = panelOf('indices', { indices: ['N'] }, { indexFails: {} }).blocks[1]
    const columns = table?.kind === 'table' ? table.columns : []
    const byPriority = columns
      .toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0))
      .map(({ label }) => label)
    expect(byPriority).toEqual(['Index', 'LTP', 'Status', 'DQ %', 'Change %', 'Age', 'Fails', 'Legs'])
  })
})

describe('analytics', () => {
  test.each([
    [0.69, 'bullish'],
    [0.7, 'neutral'],
    [1.3, 'neutral'],
    [1.31, 'bearish'],
  ])('reads a put-call ratio of %s as %s', (pcr, word) => {
    const lines = linesFor('analytics', { analytics: { pcr } })
    expect(lines).toEqual([`pcr: ${pcr.toFixed(2)}`, `sentiment: ${word}`])
  })

  test('shows the distance of the price from max pain, and max pain without a price', () => {
    const status = {
      indices: { A: { ltp: 110 }, B: { ltp: 95 }, C: {}, D: { ltp: 5 } },
      analytics: { max_pain: { A: 100, B: 100, D: 0, E: 7 } },
    }
    expect(linesFor('analytics', status).slice(2)).toEqual([
      'Index     LTP  Max pain  Distance %',
      'A      110.00    100.00      +10.00',
      'B       95.00    100.00       -5.00',
      'C           —         —           —',
      'D        5.00      0.00           —',
      'E           —      7.00           —',
    ])
  })
})

describe('alerts', () => {
  const time = (second: number) => new Date(Date.UTC(2025, 10, 20, 5, 0, second)).toISOString()

  test('count severities in their known order, then by name', () => {
    const severity_counts = { zeta: 1, info: 4, alpha: 2, warn: 3, critical: 1 }
    expect(linesFor('alerts', { alerts: { total: 11, severity_counts } }).slice(0, 2)).toEqual([
      'total: 11',
      'by_severity: critical:1 warn:3 info:4 alpha:2 zeta:1',
    ])
  })

  test('that repeat within a minute appear once, with how often', () => {
    const alerts = [1, 5, 9].map(second => ({
      time: time(second),
      level: 'warn',
      component: 'dq',
      message: 'low',
    }))
    expect(linesFor('alerts', { alerts })).toEqual([
      'total: 3',
      'by_severity: warn:3',
      'Time      Level   Component  Message',
      '10:30:09  warn !  dq         low ×3',
    ])
  })

  test('are the newest 15; the count of the others has the tone of the worst', () => {
    const infos = Array.from({ length: 15 }, (_, i) => ({
      time: time(30 + i),
      level: 'info',
      message: `${i}`,
    }))
    const old = { time: time(1), level: 'critical', message: 'old' }
    const panel = panelOf('alerts', { alerts: [old, ...infos] })
    expect(panel.lines).toHaveLength(2 + 1 + 15 + 1)
    expect(panel.lines.at(-1)).toBe('1 critical alert not listed !!')
    expect(panel.tone).toBe('error')
  })

  test('that are only counted still give the panel its tone', () => {
    const tones = [
      { critical: 1 },
      { error: 1, warn: 1 },
      { warn: 2, info: 1 },
      { info: 1 },
      { critical: 0 },
    ].map(severity_counts => panelOf('alerts', { alerts: { severity_counts } }).tone)
    expect(tones).toEqual(['error', 'error', 'warn', 'info', 'ok'])
  })

  test('that are not listed are counted in words', () => {
    const lineFor = (severity_counts: object) => linesFor('alerts', { alerts: { severity_counts } }).at(-1)
    expect(lineFor({ critical: 1 })).toBe('1 critical alert not listed !!')
    expect(lineFor({ warn: 3, critical: 1 })).toBe('1 critical and 3 warn alerts not listed !!')
    expect(lineFor({ info: 2, warn: 3, critical: 1, notice: 4, [`x${'y'.repeat(300)}`]: 1 })).toBe(
      '1 critical, 3 warn, 2 info and 5 other alerts not listed !!',
    )
    expect(lineFor({ notice: 1 })).toBe('1 notice alert not listed')
    expect(lineFor({ ['y'.repeat(300)]: 2 })).toBe(`2 ${'y'.repeat(19)}… alerts not listed`)
  })

  test('that were merged under a worse level do not count as hidden', () => {
    const alerts = ['warn', 'critical'].map(level => ({ time: time(1), level, message: 'm' }))
    expect(linesFor('alerts', { alerts }).at(-1)).toContain('m ×2')
  })

  test('are clipped: 200 columns of message, 120 of anything else', () => {
    const alert = { message: 'm'.repeat(500), component: 'c'.repeat(500), level: 'info', time: time(1) }
    const [, block] = panelOf('alerts', { alerts: [alert] }).blocks
    const texts = block?.kind === 'table' ? block.rows[0]?.map(({ text }) => stringWidth(text)) : []
    expect(texts).toEqual([8, 4, 120, 200])
  })

  test('never age by themselves: the panel is the same an hour later', () => {
    const status = { alerts: [{ time: time(1), message: 'm' }] }
    expect(linesFor('alerts', status, { nowMs: NOW + 3_600_000 })).toEqual(linesFor('alerts', status))
  })
})

describe('resources', () => {
  test.each([
    [69.9, 199.9, ['cpu_pct: 69.9', 'memory_mb: 199.9', 'memory_level: 0'], 'ok'],
    [0, 200, ['cpu_pct: 0.0', 'memory_mb: 200.0', 'memory_level: 1'], 'info'],
    [70, 300, ['cpu_pct: 70.0 !', 'memory_mb: 300.0', 'memory_level: 2 !'], 'warn'],
    [90, 500, ['cpu_pct: 90.0 !!', 'memory_mb: 500.0', 'memory_level: 3 !!'], 'error'],
  ])('judge %s %% and %s MB', (cpu_pct, memory_mb, lines, tone) => {
    expect(panelOf('resources', { cpu_pct, memory_mb })).toMatchObject({ lines, tone })
  })
})

describe('storage', () => {
  test('has rows for the sinks of the status only, with times in the usual form', () => {
    const sinks = {
      csv: { last_write: '2025-11-20T05:10:30Z', write_errors: 2 },
      influxdb: { connection_healthy: false, ratio: 0.1234 },
    }
    expect(
      linesFor('storage', { sinks: { csv: { status: 'failed', stale: true, connected: true } } }).slice(4),
    ).toEqual(['CSV   status     failed !!', 'CSV   stale         yes !!', 'CSV   connected     yes'])
    expect(linesFor('storage', { sinks }).slice(3)).toEqual([
      'Sink      Metric                 Value',
      'CSV       last_write          10:40:30',
      'CSV       write_errors               2 !',
      'InfluxDB  connection_healthy        no !!',
      'InfluxDB  ratio                   0.12',
    ])
  })

  test('does not mark zero errors and a healthy connection', () => {
    const sinks = { csv: { write_errors: 0 }, influxdb: { connection_healthy: true } }
    expect(panelOf('storage', { sinks }).tone).toBe('ok')
  })
})

describe('perfstore', () => {
  test('has the metrics by name', () => {
    const performance = { z_ms: 1, a_ms: 88.4 }
    expect(linesFor('perfstore', { performance, options_per_minute: 812 }).slice(0, 3)).toEqual([
      'a_ms=88.40',
      'options_per_minute=812.00',
      'z_ms=1.00',
    ])
  })

  test.each([
    [399, 'latency_ms: 399'],
    [400, 'latency_ms: 400 !'],
    [799, 'latency_ms: 799 !'],
    [800, 'latency_ms: 800 !!'],
  ])('judges a latency of %i ms', (latency_ms, line) => {
    expect(lineOf('perfstore', 'latency_ms', { provider: { latency_ms } })).toBe(line)
  })

  test('shows a backoff while it is recent', () => {
    const status = { provider: { last_backoff: NOW / 1000 } }
    const backoff = (ageMs: number) => lineOf('perfstore', 'backoff', status, { nowMs: NOW + ageMs })
    expect([0, 119_999, 120_000].map(backoff)).toEqual([
      'backoff: 10:40:32 !',
      'backoff: 10:40:32 !',
      undefined,
    ])
  })

  test('says whether the provider accepts our login, where the status says so', () => {
    const auth = (valid: unknown, expiry: unknown) =>
      lineOf('perfstore', 'auth', { provider: { auth: { valid, expiry } } })
    expect(auth(true, null)).toBe('auth: valid')
    expect(auth(true, '2025-11-21T02:00:00Z')).toBe('auth: valid')
    expect(auth(true, '2025-11-20T05:10:32Z')).toBe('auth: expired !!')
    expect(auth(false, '2025-11-21T02:00:00Z')).toBe('auth: invalid !!')
    expect(auth(null, '2025-11-21T02:00:00Z')).toBeUndefined()
  })

  test('judges the state of the provider by its word, where it has one', () => {
    const lines = linesFor('perfstore', { provider: { name: 'kite', status: 'major_outage' } })
    expect(lines).toContain('provider_status: major_outage !!')
    expect(linesFor('perfstore', { provider: { name: 'kite' } }).join()).not.toContain('provider_status')
  })

  test('judges the health of components by their word', () => {
    const health = { collector: 'OK', sinks: { status: 'degraded' }, feed: 'down', new: 'hibernating' }
    expect(linesFor('perfstore', { health }).slice(2)).toEqual([
      'Component  State',
      'collector  OK',
      'sinks      degraded !',
      'feed       down !!',
      'new        hibernating !',
    ])
  })
})

describe('links', () => {
  const links = {
    source: 'file',
    metricsUrl: 'http://own/metrics',
    streamUrl: 'http://own/s',
    pageUrl: 'http://own/',
  }

  test('are our own, then those of the status, marked as its own', () => {
    const status = { links: { metrics: 'http://g6/metrics', source: 'http://g6/', docs: 'http://docs' } }
    expect(linesFor('links', status, { links })).toEqual([
      'source: file',
      'metrics: http://own/metrics',
      'stream: http://own/s',
      'page: http://own/',
      'status.metrics: http://g6/metrics',
      'status.source: http://g6/',
      'status.docs: http://docs',
    ])
  })

  test('have the same address once', () => {
    const status = { links: { metrics: links.metricsUrl } }
    expect(linesFor('links', status, { links })).toHaveLength(4)
  })

  test('show no user and no password of an address', () => {
    const status = { links: { docs: 'https://me:p@ss:word@docs.example/a?b=c@d', mail: 'me@docs.example' } }
    const own = { ...links, metricsUrl: 'http://scrape:secret@own/metrics' }
    const lines = linesFor('links', status, { links: own })
    expect(lines).toContain('metrics: http://own/metrics')
    expect(lines).toContain('status.docs: https://docs.example/a?b=c@d')
    expect(lines).toContain('status.mail: me@docs.example')
  })

  test('have the metrics address of the status where we have none', () => {
    const status = { links: { metrics: 'http://g6/metrics' } }
    expect(linesFor('links', status, { links: { ...links, metricsUrl: null } })).toEqual([
      'source: file',
      'metrics: http://g6/metrics',
      'stream: http://own/s',
      'page: http://own/',
    ])
  })
})
