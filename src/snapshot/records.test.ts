import { describe, expect, test } from 'vitest'
import { derive } from './derive.js'

describe('a sink', () => {
  test('keeps its scalars as given and nothing else', () => {
    const { csv } = derive({
      sinks: { csv: { a: 'x', b: 0, c: false, d: null, e: [1], f: {}, g: '', h: Number.NaN } },
    }).storage
    expect(csv).toEqual({ a: 'x', b: 0, c: false })
  })

  test('is read under its other names', () => {
    const { csv, influxdb, backup } = derive({
      sinks: { csv_sink: { a: 1 }, influx_sink: { b: 2 }, backup_sink: { c: 3 } },
    }).storage
    expect([csv, influxdb, backup]).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }])
    expect(derive({ sinks: { csv: { a: 1 }, csv_sink: { a: 2 } } }).storage.csv).toEqual({ a: 1 })
  })

  test('that the status has without values is empty; others are null', () => {
    expect(derive({ sinks: { csv: {} } }).storage.csv).toEqual({})
    expect(derive({ sinks: { csv: 'on' } }).storage.csv).toBeNull()
    expect(derive({}).storage.csv).toBeNull()
  })
})

describe('performance', () => {
  test('has the numeric members, and the three counters of the flat writer', () => {
    const snapshot = derive({
      performance: { api_ms: 88.4, note: 'fast', ok: true },
      options_per_minute: 812,
      options_last_cycle: 0,
      api_success_rate: 'high',
    })
    expect(snapshot.perf).toEqual({ api_ms: 88.4, options_per_minute: 812, options_last_cycle: 0 })
    expect(snapshot.origins.perf).toBe('performance, options_per_minute, options_last_cycle')
  })

  test('prefers its own member to the counter of the same name', () => {
    expect(
      derive({ performance: { options_per_minute: 1 }, options_per_minute: 2 }).perf.options_per_minute,
    ).toBe(1)
  })
})

describe('health', () => {
  test.each([
    ['text by name', { collector: 'ok', sink: 'down' }],
    ['{status} by name', { collector: { status: 'ok' }, sink: { status: 'down' } }],
    [
      'a list of {name, status}',
      [
        { name: 'collector', status: 'ok' },
        { name: 'sink', status: 'down' },
      ],
    ],
    [
      'a mixture with what cannot be read',
      { collector: 'ok', x: 1, y: null, z: {}, sink: { status: 'down' } },
    ],
  ])('is read from %s', (_, health) => {
    expect(derive({ health }).health).toEqual({ collector: 'ok', sink: 'down' })
    expect(derive({ components: health }).health).toEqual({ collector: 'ok', sink: 'down' })
  })

  test('as bare text is the state of itself', () => {
    expect(derive({ health: 'ok' }).health).toEqual({ health: 'ok' })
  })

  test('takes the first state of a component that a list names twice', () => {
    const health = [null, 'ok', { name: 'a', status: 'ok' }, { name: 'a', status: 'down' }, { name: 'b' }]
    expect(derive({ health }).health).toEqual({ a: 'ok' })
  })

  test('is bounded, as a map and as a list', () => {
    const names = Array.from({ length: 500 }, (_, i) => `c${i}`)
    const asMap = derive({ health: Object.fromEntries(names.map(name => [name, 'ok'])) })
    const asList = derive({ health: names.map(name => ({ name, status: 'ok' })) })
    expect(Object.keys(asMap.health)).toHaveLength(200)
    expect(Object.keys(asList.health)).toHaveLength(200)
  })
})

test('no record inherits anything or takes a prototype key', () => {
  const evil = '{"__proto__": 1, "constructor": 2, "prototype": 3, "fine": 4}'
  const { perf, analytics } = derive(
    JSON.parse(`{"performance": ${evil}, "analytics": {"max_pain": ${evil}}}`),
  )
  expect(Object.keys(perf)).toEqual(['fine'])
  expect(Object.keys(analytics.maxPain)).toEqual(['fine'])
  expect(perf.toString).toBeUndefined()
})

test('links are kept when they are text', () => {
  expect(derive({ links: { metrics: 'http://m', port: 9108, none: null } }).links).toEqual({
    metrics: 'http://m',
  })
})
