import { Gauge } from 'prom-client'
import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { createMetrics, type Metrics, silentMetrics } from './metrics.js'

function fresh(extended = true): Metrics {
  return createMetrics({ extended, processDefaults: false, version: '1.2.3', node: 'v20.19.0' })
}

async function lines(metrics: Metrics, accept?: string): Promise<readonly string[]> {
  return (await metrics.text(accept)).body.split('\n')
}

describe('a scrape', () => {
  test('shows what was counted, set and observed', async () => {
    const metrics = fresh()
    metrics.g6_sse_http_connections_total.inc()
    metrics.g6_sse_http_connections_total.inc(2)
    metrics.g6_sse_http_disconnects_total.inc({ reason: 'stalled' })
    metrics.g6_summary_panel_updates_last.set(0)
    metrics.g6_sse_event_size_bytes.observe({ type: 'heartbeat' }, 100)
    const shown = await lines(metrics)
    expect(shown).toContain('g6_sse_http_connections_total 3')
    expect(shown).toContain('g6_sse_http_disconnects_total{reason="stalled"} 1')
    expect(shown).toContain('g6_summary_panel_updates_last 0')
    expect(shown).toContain('g6_sse_event_size_bytes_bucket{le="64",type="heartbeat"} 0')
    expect(shown).toContain('g6_sse_event_size_bytes_bucket{le="256",type="heartbeat"} 1')
    expect(shown).toContain('g6_sse_event_size_bytes_bucket{le="+Inf",type="heartbeat"} 1')
    expect(shown).toContain('g6_sse_event_size_bytes_sum{type="heartbeat"} 100')
    expect(shown).toContain('g6_build_info{version="1.2.3",node="v20.19.0"} 1')
  })

  test('shows every call, however many were made since the last one, and each once', async () => {
    const metrics = fresh()
    const shown = async () =>
      (await lines(metrics)).filter(line =>
        /^g6_sse_(events_total\{type="heartbeat"|event_size_bytes_(count|sum)\{)/.test(line),
      )
    for (let i = 0; i < 2_000; i++) {
      metrics.g6_sse_events_total.inc({ type: 'heartbeat' })
      metrics.g6_sse_event_size_bytes.observe({ type: 'heartbeat' }, 10)
    }
    const all = [
      'g6_sse_events_total{type="heartbeat"} 2000',
      'g6_sse_event_size_bytes_sum{type="heartbeat"} 20000',
      'g6_sse_event_size_bytes_count{type="heartbeat"} 2000',
    ]
    expect(await shown()).toEqual(all)
    expect(await shown()).toEqual(all)
  })

  test('shows counters with a fixed list at 0 before anything happened', async () => {
    expect(await lines(fresh())).toContain('g6_sse_http_rejected_connections_total{reason="draining"} 0')
  })

  test('shows nothing for unknown values', async () => {
    const metrics = fresh()
    const samples = async () =>
      (await lines(metrics)).filter(line => line.startsWith('g6_status_age_seconds'))
    expect(await samples()).toEqual([])
    metrics.g6_status_age_seconds.set(1.5)
    expect(await samples()).toEqual(['g6_status_age_seconds 1.5'])
    metrics.g6_status_age_seconds.set(null)
    expect(await samples()).toEqual([])
  })

  test('reads totals kept elsewhere, and never counts them down', async () => {
    const metrics = fresh()
    let bytes = 10
    const stop = metrics.onScrape(() => metrics.g6_sse_bytes_total.raiseTo(bytes))
    expect(await lines(metrics)).toContain('g6_sse_bytes_total 10')
    bytes = 25
    expect(await lines(metrics)).toContain('g6_sse_bytes_total 25')
    bytes = 3
    expect(await lines(metrics)).toContain('g6_sse_bytes_total 25')
    bytes = 30
    expect(await lines(metrics)).toContain('g6_sse_bytes_total 30')
    stop()
    bytes = 100
    const last = await lines(metrics)
    expect(last).toContain('g6_sse_bytes_total 30')
    expect(last.filter(line => line.includes('kind="scrape"'))).toEqual([])
  })

  test('keeps totals of different labels apart', async () => {
    const metrics = fresh()
    metrics.g6_sse_events_total.raiseTo({ type: 'hello' }, 4)
    metrics.g6_sse_events_total.raiseTo({ type: 'heartbeat' }, 2)
    const shown = await lines(metrics)
    expect(shown).toContain('g6_sse_events_total{type="hello"} 4')
    expect(shown).toContain('g6_sse_events_total{type="heartbeat"} 2')
  })

  test('survives a reader that throws, counts it, and calls the others', async () => {
    const metrics = fresh()
    metrics.onScrape(() => {
      throw new Error('no stats today')
    })
    metrics.onScrape(() => metrics.g6_sse_http_active_connections.set(7))
    const shown = await lines(metrics)
    expect(shown).toContain('g6_unified_errors_total{kind="scrape"} 1')
    expect(shown).toContain('g6_sse_http_active_connections 7')
  })

  test('leaves out a metric that cannot be read, counts it, and shows the others', async () => {
    const metrics = fresh()
    // As when no descriptor is left to count the open ones.
    vi.spyOn(Gauge.prototype, 'get').mockRejectedValueOnce(new Error('EMFILE'))
    const shown = await lines(metrics)
    expect(shown.filter(line => line.includes('g6_sse_http_active_connections'))).toEqual([])
    expect(shown).toContain('g6_unified_errors_total{kind="scrape"} 1')
    expect(shown).toContain('g6_unified_cycle_total 0')
  })

  test('reports a metric that cannot be read only once', async () => {
    const reported: unknown[] = []
    const metrics = createMetrics({
      extended: false,
      processDefaults: false,
      version: '0',
      node: 'v20',
      onUnreadable: (name, error) => reported.push([name, error]),
    })
    const broken = new Error('EMFILE')
    const reads = vi.spyOn(Gauge.prototype, 'get').mockRejectedValue(broken)
    await metrics.text()
    const once = reported.length
    expect(reported).toContainEqual(['g6_sse_http_active_connections', broken])
    await metrics.text()
    expect(reported).toHaveLength(once)
    reads.mockRestore()
    expect(await lines(metrics)).toContain(`g6_unified_errors_total{kind="scrape"} ${2 * once}`)
  })

  test('is shared by concurrent requests', async () => {
    const metrics = fresh()
    let reads = 0
    metrics.onScrape(() => {
      reads++
    })
    const [first, second] = await Promise.all([metrics.text(), metrics.text()])
    expect(reads).toBe(1)
    expect(second).toBe(first)
    await metrics.text()
    expect(reads).toBe(2)
  })

  test('shows one state as 1 and the others as 0', async () => {
    const metrics = fresh()
    metrics.g6_status_state.only({ state: 'missing' })
    metrics.g6_status_state.only({ state: 'fresh' })
    const shown = await lines(metrics)
    expect(shown).toContain('g6_status_state{state="fresh"} 1')
    expect(shown).toContain('g6_status_state{state="missing"} 0')
    expect(shown).toContain('g6_status_state{state="starting"} 0')
  })

  test('gives OpenMetrics on request and correct text afterwards', async () => {
    const metrics = fresh()
    const before = await metrics.text()
    const open = await metrics.text('application/openmetrics-text;version=1.0.0')
    expect(open.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(open.body).toContain('# TYPE g6_sse_http_connections counter\ng6_sse_http_connections_total 0\n')
    expect(open.body.endsWith('\n# EOF\n')).toBe(true)
    expect(await metrics.text()).toEqual(before)
    expect(before.contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(before.body).toContain('# TYPE g6_sse_http_connections_total counter\n')
  })
})

describe('aliases', () => {
  test.each([
    ['g6_sse_http_active_connections', 'g6_sse_clients_gauge'],
    ['g6_sse_event_size_bytes', 'g6_sse_http_event_size_bytes'],
    ['g6_sse_connection_duration_sec', 'g6_sse_http_connection_duration_seconds'],
  ])('%s has the same samples as %s', async (name, alias) => {
    const metrics = fresh()
    metrics.g6_sse_http_active_connections.set(12)
    metrics.g6_sse_event_size_bytes.observe({ type: 'hello' }, 2000)
    metrics.g6_sse_connection_duration_sec.observe(61)
    const shown = await lines(metrics)
    const samples = (of: string) =>
      shown.filter(line => new RegExp(`^${of}(_bucket|_sum|_count)?[{ ]`).test(line))
    expect(samples(alias).length).toBeGreaterThan(0)
    expect(samples(alias)).toEqual(samples(name).map(line => line.replace(name, alias)))
  })

  test.each([
    ['auth', 'g6_sse_http_auth_fail_total'],
    ['ip', 'g6_sse_http_forbidden_ip_total'],
    ['ua', 'g6_sse_http_forbidden_ua_total'],
    ['rate', 'g6_sse_http_rate_limited_total'],
  ] as const)('a refusal for %s is also %s, without a label', async (reason, alias) => {
    const metrics = fresh()
    metrics.g6_sse_http_rejected_connections_total.inc({ reason }, 5)
    metrics.g6_sse_http_rejected_connections_total.inc({ reason: 'cap' }, 9)
    const shown = await lines(metrics)
    expect(shown.filter(line => line.startsWith(alias))).toEqual([`${alias} 5`])
  })
})

describe('label values', () => {
  test('above the limit of an open label are counted as other', async () => {
    const metrics = fresh()
    for (let i = 0; i < 150; i++) metrics.g6_sse_panel_updates_total.inc({ panel: `p${i}` })
    metrics.g6_sse_panel_updates_total.inc({ panel: 'p3' })
    const shown = (await lines(metrics)).filter(line => line.startsWith('g6_sse_panel_updates_total{'))
    expect(shown).toHaveLength(101)
    expect(shown).toContain('g6_sse_panel_updates_total{panel="other"} 50')
    expect(shown).toContain('g6_sse_panel_updates_total{panel="p3"} 2')
  })

  test('that no fixed list allows are counted as other', async () => {
    const metrics = fresh()
    const untyped: { inc(labels: { reason: string }): void } = metrics.g6_sse_http_disconnects_total
    untyped.inc({ reason: '10.0.0.7' })
    expect(await lines(metrics)).toContain('g6_sse_http_disconnects_total{reason="other"} 1')
  })

  test('and label names are checked by the compiler', () => {
    const metrics = fresh()
    type Refusal = Parameters<typeof metrics.g6_sse_http_rejected_connections_total.inc>[0]
    expectTypeOf<Refusal>().toEqualTypeOf<{
      readonly reason:
        | 'auth'
        | 'ip'
        | 'ua'
        | 'rate'
        | 'cap'
        | 'host'
        | 'origin'
        | 'shed'
        | 'draining'
        | 'connection'
    }>()
    expectTypeOf(metrics.g6_sse_panel_updates_total.inc)
      .parameter(0)
      .toEqualTypeOf<{ readonly panel: string }>()
    expectTypeOf(metrics.g6_sse_http_connections_total.inc).parameter(0).toEqualTypeOf<number | undefined>()
    expectTypeOf(metrics.g6_sse_http_connections_total).not.toHaveProperty('observe')
  })

  test('are escaped', async () => {
    const metrics = fresh()
    metrics.g6_sse_panel_updates_total.inc({ panel: 'a"b\\c\nd' })
    expect(await lines(metrics)).toContain('g6_sse_panel_updates_total{panel="a\\"b\\\\c\\nd"} 1')
  })
})

describe('reduced metrics', () => {
  test('without extended metrics there is no histogram, and observing is harmless', async () => {
    const metrics = fresh(false)
    metrics.g6_sse_event_size_bytes.observe({ type: 'hello' }, 1)
    const { body } = await metrics.text()
    expect(body).not.toContain('histogram')
    expect(body).not.toContain('g6_sse_event_size_bytes')
    expect(body).toContain('g6_sse_events_total')
    expect(metrics.names()).not.toContain('g6_sse_http_event_size_bytes')
  })

  test('silent metrics have every handle and show nothing', async () => {
    const silent = silentMetrics()
    silent.g6_sse_http_disconnects_total.inc({ reason: 'client' })
    silent.g6_sse_event_size_bytes.observe({ type: 'hello' }, 1)
    silent.g6_status_state.only({ state: 'fresh' })
    expect(Object.keys(silent).sort()).toEqual(Object.keys(fresh()).sort())
    expect((await silent.text()).body).toBe('')
    expect((await silent.text('application/openmetrics-text')).body).toBe('# EOF\n')
    expect(silent.names()).toEqual([])
  })
})

test('two sets of metrics share nothing', async () => {
  const one = fresh()
  one.g6_unified_cycle_total.inc()
  expect(await lines(fresh())).toContain('g6_unified_cycle_total 0')
})
