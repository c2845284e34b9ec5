// What a document may cost, in steps and in size: derive, panels and difference look at each of its values a bounded number of times,
// and what they give has a bounded size, which panels say.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countValues } from '../../src/ingest/cut.js'
import { diffStatus } from '../../src/ingest/diff.js'
import { derive } from '../../src/snapshot/derive.js'
import type { Status } from '../../src/snapshot/reading.js'
import { panelsOf } from '../terminal/support/scenes.js'

const named = (count: number, make: (i: number) => unknown, name = 'k'): Status =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, make(i)]))
const listed = (count: number, make: (i: number) => unknown): readonly unknown[] =>
  Array.from({ length: count }, (_, i) => make(i))

const linesOf = (status: Status, panel: string): readonly string[] =>
  panelsOf(status).find(({ key }) => key === panel)?.lines ?? []

describe('what a panel does not show', () => {
  test.each<[string, Status, string, string]>([
    ['indices', { indices: named(1_205, () => ({ ltp: 1 })) }, 'indices', '205 more indices not shown'],
    ['names alone', { symbols: listed(1_001, i => `N${i}`) }, 'indices', '1 more indices not shown'],
    [
      'indices of analytics',
      { analytics: { pcr: named(1_300, () => 1) } },
      'analytics',
      '300 more indices not shown',
    ],
    [
      'expiries',
      { analytics: named(30, () => ({ expiries: named(50, () => ({ pcr: 1 })) })) },
      'analytics',
      '1400 more expiries not shown',
    ],
    ['metrics', { performance: named(250, i => i) }, 'perfstore', '50 more metrics not shown'],
    ['components', { health: named(12_200, () => 'ok') }, 'perfstore', '12000 more components not shown'],
    [
      'components of a list',
      { components: listed(205, i => ({ name: `c${i}`, status: 'ok' })) },
      'perfstore',
      '5 more components not shown',
    ],
    ['links', { links: named(60, i => `http://h/${i}`) }, 'links', '40 more links of the status not shown'],
    [
      'values of sinks',
      { sinks: { csv: named(60, i => i), backup: named(51, i => i) } },
      'storage',
      '11 more values of sinks not shown',
    ],
  ])('is counted: %s', (_, status, panel, line) => {
    expect(linesOf(status, panel)).toContain(line)
  })

  test('is not mentioned where everything is shown', () => {
    const status = {
      indices: named(500, () => ({ ltp: 1, status: 'ok' })),
      analytics: { pcr: 1 },
      health: named(200, () => 'ok'),
    }
    const lines = panelsOf(status).flatMap(panel => panel.lines)
    expect(lines.filter(line => line.includes('not shown'))).toEqual([])
    expect(lines.filter(line => /^k\d+ /.test(line)).length).toBe(500 + 500 + 200)
  })

  test('is the rest of a name or text that is enormous', () => {
    const long = 'x'.repeat(2_000_000)
    const status = {
      indices: { [long]: { status: long } },
      app: { name: long },
      health: { [long]: long },
      alerts: [long],
    }
    const snapshot = derive(status)
    expect(JSON.stringify({ ...snapshot, raw: null }).length).toBeLessThan(20_000)
    expect(JSON.stringify(panelsOf(status)).length).toBeLessThan(30_000)
  })
})

/** The document, counting how often anybody looks into it. */
function watched(document: Status): { readonly status: Status; readonly steps: () => number } {
  let steps = 0
  const seen = new Map<object, object>()
  const proxy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = seen.get(value)
    if (known !== undefined) return known
    const made = new Proxy(value, {
      get(target, key, receiver) {
        steps++
        return proxy(Reflect.get(target, key, receiver))
      },
      has(target, key) {
        steps++
        return Reflect.has(target, key)
      },
      getOwnPropertyDescriptor(target, key) {
        steps++
        return Reflect.getOwnPropertyDescriptor(target, key)
      },
      ownKeys(target) {
        const keys = Reflect.ownKeys(target)
        steps += keys.length
        return keys
      },
    })
    seen.set(value, made)
    return made
  }
  return { status: proxy(document) as Status, steps: () => steps }
}

/** Documents that grow with a number. */
const GROWING: Readonly<Record<string, (n: number, leaf?: number) => Status>> = {
  indices: n => ({
    indices: named(n, i => ({ ltp: i, expiries: { a: { legs: 1 } } })),
    indices_info: named(n, () => ({ age: 1 }), 'x'),
  }),
  'a list of indices': n => ({ indices: listed(n, i => ({ name: `N${i}`, ltp: i })) }),
  alerts: n => ({
    alerts: listed(n, i => ({ time: i, message: `m${i}` })),
    events: listed(n, i => ({ time: i, message: `m${i}` })),
  }),
  analytics: n => ({
    analytics: { ...named(n, () => ({ pcr: 1, expiries: { e: { iv: 1 } } })), max_pain: named(n, i => i) },
  }),
  records: n => ({
    performance: named(n, i => i),
    health: named(n, () => 'ok'),
    links: named(n, () => 'u'),
    sinks: { csv: named(n, i => i) },
  }),
  'values on every level, and a change in the last': (n, leaf = 0) => {
    let tree: Status = { leaf }
    for (let level = 0; level < 50; level++) tree = { ...named(n / 50, i => i), tree }
    return tree
  },
}

describe.each(Object.entries(GROWING))('the steps for a document of %s', (_, make) => {
  test('grow no faster than the document, in deriving and in comparing', () => {
    const stepsOf = (n: number) => {
      const one = watched(make(n))
      derive(one.status)
      const derived = one.steps()
      const [before, after] = [watched(make(n, 1)), watched(make(n, 2))]
      diffStatus(before.status, after.status)
      return [derived, before.steps() + after.steps()] as const
    }
    const [small, large] = [stepsOf(1_000), stepsOf(8_000)]
    for (const i of [0, 1] as const) {
      expect(large[i]).toBeLessThanOrEqual(8 * small[i] + 1_000)
      expect(large[i]).toBeLessThanOrEqual(20 * countValues(make(8_000)))
    }
  })
})

const NAMES = [
  ...[
    'indices',
    'symbols',
    'indices_detail',
    'indices_info',
    'alerts',
    'events',
    'analytics',
    'performance',
    'health',
  ],
  ...[
    'components',
    'links',
    'sinks',
    'csv',
    'loop',
    'cycle',
    'market',
    'provider',
    'app',
    'memory',
    'expiries',
    'pcr',
  ],
  ...['name', 'status', 'time', 'level', 'message', 'ltp', 'max_pain', 'severity_counts', 'status'],
]

test('any document gives panels of a bounded size, and none of them fails', { timeout: 120_000 }, () => {
  const name = fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'binary', maxLength: 8 }))
  const { document } = fc.letrec<{ document: Status; value: unknown }>(tie => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('OK', '12 (9)', '1,234'),
      ),
      fc.array(tie('value'), { maxLength: 6 }),
      tie('document'),
    ),
    document: fc.dictionary(name, tie('value'), { maxKeys: 8 }),
  }))
  /** How often the texts and lists of the document are repeated. */
  const times = fc.constantFrom(1, 1, 1, 50, 3_000)
  const grown = (value: unknown, by: number): unknown => {
    if (typeof value === 'string') return value.repeat(by)
    if (Array.isArray(value))
      return value.length === 0 ? value : listed(Math.max(value.length, by), i => value[i % value.length])
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, grown(member, member instanceof Object ? 1 : by)]),
    )
  }
  fc.assert(
    fc.property(document, times, (given, by) => {
      const status = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, grown(value, by)]))
      const panels = panelsOf(status)
      for (const { key, lines } of panels) {
        expect([key, lines.length]).toEqual([key, Math.min(lines.length, 2_200)])
        expect(lines.find(line => line.includes('panel failed'))).toBeUndefined()
      }
    }),
    { numRuns: 200 },
  )
})
