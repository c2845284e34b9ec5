import { describe, expect, test } from 'vitest'
import { negotiate, renderFamily } from './exposition.js'

describe('the format for an Accept header', () => {
  test.each([
    [null, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=1.0.0', 'openmetrics'],
    ['application/openmetrics-text; version=0.0.1', 'text'],
    // What Prometheus 2.42 and 3 send.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.5', 'text'],
    ['text/plain,application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=nonsense', 'text'],
    ['application/openmetrics-text;q=0.5,text/plain;q=nonsense', 'openmetrics'],
    ['Application/OpenMetrics-Text; Version=1.0.0', 'openmetrics'],
    [`application/openmetrics-text,${'x'.repeat(5000)}`, 'text'],
  ] as const)('%s gives %s', (accept, format) => {
    expect(negotiate(accept)).toBe(format)
  })
})

describe('a family as text', () => {
  const family = {
    name: 'g6_things_total',
    help: 'A "quoted" \\ help\nof two lines',
    type: 'counter',
    values: [
      { labels: {}, value: Number.POSITIVE_INFINITY },
      { labels: { a: '1', b: 2 }, value: Number.NaN },
      { labels: {}, value: 1e21 },
      { labels: {}, value: Number.NEGATIVE_INFINITY },
    ],
  }

  test('escapes its help and writes numbers as the format requires', () => {
    expect(renderFamily(family, 'text')).toBe(
      '# HELP g6_things_total A "quoted" \\\\ help\\nof two lines\n# TYPE g6_things_total counter\n' +
        'g6_things_total +Inf\ng6_things_total{a="1",b="2"} NaN\ng6_things_total 1e+21\ng6_things_total -Inf\n',
    )
  })

  test('names the family of a counter without _total in OpenMetrics, and escapes quotes in its help', () => {
    const text = renderFamily(family, 'openmetrics')
    expect(text).toContain('# HELP g6_things A \\"quoted\\" ')
    expect(text).toContain('\n# TYPE g6_things counter\ng6_things_total +Inf\n')
  })
})
