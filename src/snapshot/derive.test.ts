import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derive, documentTime } from './derive.js'
import type { Status } from './reading.js'

const fixture = (name: string): Status =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/status-${name}.json`, import.meta.url), 'utf8'))

describe('both writers', () => {
  test('the nested shape is read', () => {
    const { raw: _raw, origins: _origins, indices, ...rest } = derive(fixture('nested'))
    expect(indices).toHaveLength(4)
    expect(rest).toMatchObject({
      app: { name: 'G6', version: '1.4.2', startedAtMs: Date.UTC(2025, 10, 20, 3, 40, 31), uptimeSec: 5400 },
      market: { state: 'open', nextOpenMs: null },
      cycle: {
        number: 91,
        lastDurationSec: 0.731,
        successPct: 97.4,
        intervalSec: 60,
        avgMs: 842,
        p95Ms: 1190,
      },
      alerts: { items: [], total: 0 },
      resources: { cpuPct: 17.3, memoryMb: 231.5 },
      provider: { name: 'kite', latencyMs: 66, authValid: null },
      config: { env: 'dev' },
    })
  })

  test('the flat shape is read', () => {
    const { cycle, resources, indices, perf, alerts } = derive(fixture('flat'))
    expect(cycle).toMatchObject({ number: 91, lastDurationSec: 0.73, intervalSec: 60, nextRunInSec: 59.27 })
    expect(resources).toEqual({ cpuPct: 17, memoryMb: 231.5 })
    expect(indices.map(({ name, ltp, status, options }) => [name, ltp, status, options])).toEqual([
      ['NIFTY', 24_512.3, 'ok', 212],
      ['BANKNIFTY', null, 'stale', null],
    ])
    expect(perf).toEqual({ options_per_minute: 812, options_last_cycle: 812, api_success_rate: 99.1 })
    expect(alerts.bySeverity).toEqual({ warn: 1 })
  })

  test('a mixture of both gives all values of both', () => {
    const { timestamp: _, alerts: __, ...nested } = fixture('nested')
    const snapshot = derive({ ...fixture('flat'), ...nested })
    expect(snapshot.indices).toHaveLength(4)
    expect(snapshot.indices[0]).toMatchObject({ name: 'NIFTY', changePct: 0.05, legs: 212, options: 212 })
    expect(snapshot.perf.options_per_minute).toBe(812)
    expect(snapshot.app.version).toBe('1.4.2')
    expect(snapshot.alerts.total).toBe(1)
  })
})

test('unknown members stay in raw, unchanged', () => {
  const status = { panel_push_meta: { a: [1] }, adaptive_stream: null }
  expect(derive(status).raw).toBe(status)
})

/** Members a status is likely to have, with values of any JSON type. */
const KNOWN = [
  'app',
  'market',
  'loop',
  'cycle',
  'last_cycle',
  'indices',
  'symbols',
  'indices_detail',
  'indices_info',
  'alerts',
  'events',
  'analytics',
  'resources',
  'memory',
  'storage',
  'sinks',
  'performance',
  'provider',
  'providers',
  'health',
  'components',
  'links',
  'config',
  'timestamp',
  'interval',
  'version',
  'adaptive',
  '__proto__',
  'constructor',
]

test('any JSON object gives a snapshot, and is not changed', () => {
  const inner = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.jsonValue()),
    fc.dictionary(fc.constantFrom(...KNOWN), fc.jsonValue()),
  )
  const statuses = fc.dictionary(fc.oneof(fc.constantFrom(...KNOWN), fc.string()), inner)
  fc.assert(
    fc.property(statuses, fc.array(fc.jsonValue()), (given, followUps) => {
      const before = JSON.stringify(given)
      const snapshot = derive(JSON.parse(before), followUps)
      expect(derive(given, followUps).coverage).toEqual(snapshot.coverage)
      expect(JSON.stringify(given)).toBe(before)
      for (const value of [...Object.values(snapshot.cycle), ...Object.values(snapshot.perf)]) {
        expect(value === null || Number.isFinite(value)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

test('a value that is not an object gives an empty snapshot', () => {
  for (const odd of [null, [], 'text', 7])
    expect(derive(odd as unknown as Status).coverage.indicesCount).toBe(0)
})

describe('the time of a document', () => {
  const NOON = Date.parse('2026-11-29T12:00:00Z')

  test.each([
    ['ISO text', { updated_at: '2026-11-29T12:00:00.123456789Z' }, NOON + 123],
    ['epoch seconds', { timestamp: NOON / 1000 }, NOON],
    ['epoch milliseconds', { time: NOON }, NOON],
    ['epoch milliseconds as text', { ts: String(NOON) }, NOON],
    ['the first that is a time', { time: 12.5, ts: '09:15:00', generated_at: '2026-11-29T12:00:00Z' }, NOON],
    ['not the year 1', { timestamp: '0001-01-01T00:00:00Z', updated_at: '2026-11-29T12:00:00Z' }, NOON],
  ])('is %s', (_, status, expected) => {
    expect(documentTime(status)).toBe(expected)
    expect(derive(status).writtenAtMs).toBe(expected)
  })

  test.each([
    ['a duration', { time: 99_999 }],
    ['microseconds', { ts: NOON * 1000 }],
    ['never', { timestamp: '0001-01-01T00:00:00Z' }],
    ['a list', { timestamp: [NOON] }],
    ['in a part of the document', { page: { updated_at: '2026-11-29T12:00:00Z' } }],
  ])('is not known from %s', (_, status) => {
    expect(documentTime(status)).toBe(null)
  })

  test('is in the zone of the source where it names none', () => {
    const status = { timestamp: '2026-11-29T17:30:00' }
    expect(derive(status, [], 'Asia/Kolkata').writtenAtMs).toBe(NOON)
    expect(derive(status).writtenAtMs).toBe(NOON + 5.5 * 3_600_000)
  })
})
