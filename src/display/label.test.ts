import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { labelOf } from './label.js'

const shown = (key: string, panelKey?: string) => {
  const { label, unit } = labelOf(key, panelKey)
  return unit === null ? label : `${label} | ${unit}`
}

describe('a key', () => {
  test('becomes words', () => {
    expect(
      ['number_of_data_nodes', 'lastSeenAt', 'messages.ready', 'timed_out', 'NumGoroutine', 'qos_class'].map(
        key => shown(key),
      ),
    ).toEqual(['Data nodes', 'Last seen at', 'Messages ready', 'Timed out', 'Goroutine', 'QoS class'])
  })

  test('gives its unit away', () => {
    const units = {
      last_duration_sec: 'Last duration | s',
      uptime_in_seconds: 'Uptime | s',
      task_max_waiting_in_queue_millis: 'Task max waiting in queue | ms',
      latencyMs: 'Latency | ms',
      memory_mb: 'Memory | MB',
      mem_limit_bytes: 'Mem limit | B',
      used_pct: 'Used | %',
      CPUPerc: 'CPU | %',
      options_per_sec: 'Options | /s',
      sent_bytes_per_second: 'Sent | B/s',
      bytes_per_sec: 'Bytes | B/s',
      active_shards_percent_as_number: 'Active shards | %',
      clock_hz: 'Clock | Hz',
      last_flush_age_sec: 'Last flush | s ago',
      cache_age_sec: 'Cache age | s',
    }
    expect(Object.fromEntries(Object.keys(units).map(key => [key, shown(key)]))).toEqual(units)
  })

  test('that is a unit or a rate and nothing else keeps its word', () => {
    expect(['seconds', 'percent', 'per_sec', 'rate_per_sec', 'min'].map(key => shown(key))).toEqual([
      'Seconds',
      'Percent',
      'Per sec',
      'Rate | /s',
      'Min',
    ])
  })

  test('keeps acronyms', () => {
    expect(
      ['cpu', 'api_calls', 'container_ids', 'PIDs', 'NetIO', 'urls', 'XYZ_total', 'httpRequests'].map(key =>
        shown(key),
      ),
    ).toEqual(['CPU', 'API calls', 'Container IDs', 'PIDs', 'Net IO', 'URLs', 'XYZ total', 'HTTP requests'])
  })

  test('of a percentile is written in full', () => {
    expect(
      ['p95', 'p999', 'p50_ms', 'p91', 'p72', 'latency_p95', 'p95_cycle_ms'].map(key => shown(key)),
    ).toEqual([
      '95th percentile',
      '99.9th percentile',
      '50th percentile | ms',
      '91st percentile',
      '72nd percentile',
      'Latency p95',
      'Cycle p95 | ms',
    ])
  })
})

describe('text that is words', () => {
  test('stays, without its unit', () => {
    expect(
      ['Change %', 'Max pain', 'Memory (MB)', 'size [kB]', 'unassigned', 'oldest task'].map(key =>
        shown(key),
      ),
    ).toEqual(['Change | %', 'Max pain', 'Memory | MB', 'Size | kB', 'Unassigned', 'Oldest task'])
  })

  test('stays when no rule fits', () => {
    for (const key of [
      'InfluxDB',
      'RabbitMQ',
      'orders-v3',
      'es.example.com',
      'rabbit@host-1:5672',
      'https://es:9200/x',
      'स्थिति',
      '%',
      '12',
    ])
      expect(shown(key)).toBe(key)
  })

  test('that is missing is a dash', () => {
    expect(['', '  '].map(key => shown(key))).toEqual(['—', '—'])
  })
})

test('the known panels have names of their own', () => {
  expect([
    shown('cpu_pct', 'resources'),
    shown('memory_mb', 'resources'),
    shown('avg', 'cycle'),
    shown('p95', 'cycle'),
    shown('last_duration', 'cycle'),
    shown('LTP', 'indices'),
    shown('DQ %', 'indices'),
    shown('PCR', 'analytics'),
    shown('auth', 'perfstore'),
    shown('auth'),
    shown('toString', 'resources'),
    shown('cpu_pct', 'toString'),
  ]).toEqual([
    'Processor | %',
    'Memory | MB',
    'Average',
    '95th percentile',
    'Last cycle',
    'Last',
    'Data quality | %',
    'Put/call ratio',
    'Sign-in',
    'Auth',
    'To string',
    'CPU | %',
  ])
})

test('a label is never empty, not much longer than its key, and its own label', () => {
  const parts = fc.array(
    fc.constantFrom(
      'last',
      'age',
      'sec',
      'per',
      'CPU',
      'IDs',
      'number',
      'of',
      'p95',
      '%',
      '_',
      '.',
      '(ms)',
      ' ',
      'ß',
      'Db',
      's',
    ),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        parts.map(all => all.join('_')),
        parts.map(all => all.join('')),
      ),
      key => {
        const { label } = labelOf(key)
        expect(label.trim()).not.toBe('')
        expect(label.length).toBeLessThanOrEqual(key.length * 2 + 15)
        expect(labelOf(label).label).toBe(label)
      },
    ),
    { numRuns: 2_000 },
  )
})
