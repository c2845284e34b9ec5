import { describe, expect, test } from 'vitest'
import { metricNames } from '../../src/metrics/declared.js'
import { metricsPage } from '../../src/metrics/page.js'
import {
  dashboardQueries,
  documentedMetrics,
  isSeries,
  metricDifferences,
  recordedSeries,
  strayMetrics,
  strayQueries,
} from './metric-names.js'

const known = new Set(['g6_a_total', 'g6_b_seconds', 'g6_b_seconds_5m', 'process_x'])

describe('the reference page', () => {
  test('documents every declared metric and alias, and nothing else', () => {
    expect(new Set(documentedMetrics(metricsPage()))).toEqual(new Set(metricNames()))
  })

  test('reports a metric that only one side has', () => {
    expect(metricDifferences(['a', 'b'], ['b', 'c'])).toEqual([
      'a is registered and not documented',
      'c is documented and not registered',
    ])
    expect(metricDifferences(['a'], ['a'])).toEqual([])
  })

  test('ignores words in the other cells', () => {
    expect(documentedMetrics('| `a` | gauge | `x`: `y` | What `z` is. |\n- `b`\n- not `c`')).toEqual([
      'a',
      'b',
    ])
  })
})

test('reads the series of recording rules', () => {
  expect(
    recordedSeries('rules:\n  - record: x:y\n    expr: a\n  - expr: b\n    record: z\n# record nothing'),
  ).toEqual(['x:y', 'z'])
})

test('a histogram has more series than its name', () => {
  expect(
    ['g6_b_seconds', 'g6_b_seconds_bucket', 'g6_b_seconds_count'].every(name => isSeries(name, known)),
  ).toBe(true)
  expect(isSeries('g6_b_seconds_max', known)).toBe(false)
  expect(isSeries('_bucket', known)).toBe(false)
})

describe('metrics in texts', () => {
  const stray = (...lines: string[]) => strayMetrics([{ path: 'docs/a.md', text: lines.join('\n') }], known)

  test('may be metrics, their series, or beginnings with a star', () => {
    expect(
      stray(
        '`g6_a_total{x="y"}` g6_b_seconds_bucket',
        'g6_b_* g6_b_seconds_5m',
        'import g6_stream',
        'without g6_; g6_*',
      ),
    ).toEqual([])
  })

  test('are reported with their place otherwise', () => {
    expect(stray('', 'g6_a, g6_c_*')).toEqual([
      'docs/a.md:2 names g6_a, which is not a metric',
      'docs/a.md:2 names g6_c_*, which is not a metric',
    ])
  })

  test('may be named where the past is described', () => {
    expect(stray('# History', 'g6_gone_total')).toEqual([])
  })
})

describe('a dashboard', () => {
  const board = (...panels: object[]) => JSON.stringify({ title: 'x', panels })
  const row = {
    title: 'Row',
    panels: [{ title: 'Inner', targets: [{ expr: 'rate(g6_a_total[5m])', refId: 'A' }] }],
  }

  test('has queries in panels and in rows', () => {
    expect(dashboardQueries(board(row, { title: 'Outer', targets: [{ expr: 'process_x' }] }))).toEqual([
      { title: 'Inner', expr: 'rate(g6_a_total[5m])' },
      { title: 'Outer', expr: 'process_x' },
    ])
    expect(strayQueries(board(row), known)).toEqual([])
  })

  test('may not name a series that does not exist', () => {
    const panel = { title: 'P', targets: [{ expr: 'g6_a_total / up' }, { expr: 'vector(0)' }] }
    expect(strayQueries(board(panel), known)).toEqual([
      '"P" names up, which is not a metric',
      '"P" names no series: vector(0)',
    ])
  })

  test('is refused when it is not a dashboard', () => {
    expect(() => dashboardQueries('{}')).toThrow()
    expect(() => dashboardQueries('{"panels":[]}')).toThrow()
    expect(() => dashboardQueries(board({ title: 'P', targets: [{ query: 'x' }] }))).toThrow()
  })
})
