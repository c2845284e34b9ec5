// What a person reads for a status of each writer: all panels, line by line.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createPanelBuilder } from '../../src/engine/panel-builder.js'
import { DEFAULT_THRESHOLDS } from '../../src/panels/thresholds.js'
import { derive } from '../../src/snapshot/derive.js'
import type { Status } from '../../src/snapshot/reading.js'

const fixture = (name: string): Status =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/status-${name}.json`, import.meta.url), 'utf8'))

function read(status: Status): string {
  const panels = createPanelBuilder().build({
    snapshot: derive(status),
    thresholds: DEFAULT_THRESHOLDS,
    timezone: 'Asia/Kolkata',
    nowMs: Date.UTC(2025, 10, 20, 5, 10, 32),
    links: {
      source: 'data/runtime_status.json',
      metricsUrl: null,
      streamUrl: 'http://127.0.0.1:9329/summary/events',
      pageUrl: 'http://127.0.0.1:9329/',
    },
  })
  return panels.map(({ title, tone, lines }) => `[${title}] ${tone}\n${lines.join('\n')}\n`).join('\n')
}

test('a full status fills every panel', () => {
  expect(read(fixture('full'))).toMatchInlineSnapshot(`
    "[Overview] ok
    app: G6
    version: 1.4.2
    market: open
    next_open: —
    indices: NIFTY, BANKNIFTY, FINNIFTY, SENSEX
    env: prod
    cycle: 91
    started: 09:10:31

    [Cycle] ok
    cycle: 91
    last_start: 10:40:30
    last_duration: 0.731s
    success_rate: 97.40%
    interval: 60s
    avg: 842ms
    p95: 1190ms

    [Indices] error
    count: 4
    names: NIFTY, BANKNIFTY, FINNIFTY, SENSEX
    data_points: 556
    Index           LTP  Change %  Status    DQ %     Legs  Age
    NIFTY      24512.30     +0.05  ok       93.10      212   2s
    BANKNIFTY  52110.80     -0.08  warn !   78.50 !    180   9s
    FINNIFTY   23988.10     +0.02  ok       90.00      164   3s
    SENSEX     80455.60     -0.01  stale !  64.20 !!     0  71s

    [Analytics] ok
    pcr: 0.94
    sentiment: neutral
    Index           LTP  Max pain  Distance %
    NIFTY      24512.30  24500.00       +0.05
    BANKNIFTY  52110.80  52000.00       +0.21
    FINNIFTY   23988.10  24000.00       -0.05
    SENSEX     80455.60  80500.00       -0.06

    [Alerts] error
    total: 3
    by_severity: critical:1 warn:2
    Time      Level        Component     Message
    10:39:58  warn !       Data Quality  BANKNIFTY below 80%
    10:39:12  critical !!  Collector     SENSEX stale for 60 s
    1 warn alert not listed !
    Low data quality: BANKNIFTY 78.5 %, SENSEX 64.2 % (computed) !!

    [Resources] info
    cpu_pct: 17.3
    memory_mb: 231.5
    memory_level: 1

    [Storage] ok
    lag: 1.25
    queue_depth: 4
    last_flush_age_sec: 2.5
    Sink      Metric                 Value
    CSV       last_write          10:40:30
    CSV       files_created             18
    CSV       records                40211
    CSV       write_errors               0
    CSV       disk_usage_mb          121.4
    InfluxDB  points_written         90112
    InfluxDB  write_success_rate      99.9
    InfluxDB  connection_healthy       yes
    InfluxDB  query_time_ms           22.1
    backup    files_created              4
    backup    last_backup             3.5h
    backup    backup_size_mb           410

    [Performance] ok
    api_ms=88.40
    options_per_sec=141.20
    p95_cycle_ms=912.00
    provider: kite
    latency_ms: 66
    auth: valid
    Component  State
    collector  ok
    sinks      ok
    provider   ok

    [Links] ok
    source: data/runtime_status.json
    metrics: http://127.0.0.1:9108/metrics
    stream: http://127.0.0.1:9329/summary/events
    page: http://127.0.0.1:9329/
    "
  `)
})

test('the nested writer', () => {
  expect(read(fixture('nested'))).toMatchInlineSnapshot(`
    "[Overview] ok
    app: G6
    version: 1.4.2
    market: open
    next_open: —
    indices: NIFTY, BANKNIFTY, FINNIFTY, SENSEX
    env: dev
    cycle: 91
    started: 09:10:31

    [Cycle] ok
    cycle: 91
    last_start: 10:40:30
    last_duration: 0.731s
    success_rate: 97.40%
    interval: 60s
    avg: 842ms
    p95: 1190ms

    [Indices] error
    count: 4
    names: NIFTY, BANKNIFTY, FINNIFTY, SENSEX
    data_points: 556
    Index           LTP  Change %  Status    DQ %     Legs  Age
    NIFTY      24512.30     +0.05  ok       93.10      212   2s
    BANKNIFTY  52110.80     -0.08  warn !   78.50 !    180   9s
    FINNIFTY   23988.10     +0.02  ok       90.00      164   3s
    SENSEX     80455.60     -0.01  stale !  64.20 !!     0  71s

    [Alerts] error
    total: 0
    by_severity: —
    Low data quality: BANKNIFTY 78.5 %, SENSEX 64.2 % (computed) !!

    [Resources] info
    cpu_pct: 17.3
    memory_mb: 231.5
    memory_level: 1

    [Storage] ok
    lag: —
    queue_depth: —
    last_flush_age_sec: —
    Sink  Metric         Value
    CSV   last_write  10:40:30

    [Performance] ok
    provider: kite
    latency_ms: 66
    Component  State
    collector  ok
    sinks      ok
    provider   ok

    [Links] ok
    source: data/runtime_status.json
    metrics: http://127.0.0.1:9108/metrics
    stream: http://127.0.0.1:9329/summary/events
    page: http://127.0.0.1:9329/
    "
  `)
})

test('the flat writer', () => {
  expect(read(fixture('flat'))).toMatchInlineSnapshot(`
    "[Overview] ok
    app: —
    version: —
    market: open (computed)
    next_open: —
    indices: NIFTY, BANKNIFTY
    env: —
    cycle: 91

    [Cycle] ok
    cycle: 91
    last_start: 10:40:31
    last_duration: 0.730s
    success_rate: 97.40%
    interval: 60s
    avg: —
    p95: —

    [Indices] warn
    count: 2
    names: NIFTY, BANKNIFTY
    Index           LTP  Change %  Status   DQ %  Legs  Age
    NIFTY      24512.30         —  ok          —     —    —
    BANKNIFTY         —         —  stale !     —     —    —

    [Alerts] warn
    total: 1
    by_severity: warn:1
    Time      Level   Component  Message
    10:39:58  warn !  dq         BANKNIFTY has no price

    [Resources] info
    cpu_pct: 17.0
    memory_mb: 231.5
    memory_level: 1

    [Performance] ok
    api_success_rate=99.10
    options_last_cycle=812.00
    options_per_minute=812.00
    provider: —
    latency_ms: —

    [Links] ok
    source: data/runtime_status.json
    metrics: —
    stream: http://127.0.0.1:9329/summary/events
    page: http://127.0.0.1:9329/
    "
  `)
})

test('an empty status shows what is missing and invents nothing', () => {
  expect(read({})).toMatchInlineSnapshot(`
    "[Links] ok
    source: data/runtime_status.json
    metrics: —
    stream: http://127.0.0.1:9329/summary/events
    page: http://127.0.0.1:9329/
    "
  `)
})
