import { expect, test } from 'vitest'
import { seriesIn } from './promql.js'

test.each([
  ['up', ['up']],
  ['rate(a_total[5m])', ['a_total']],
  ['sum by (le, panel) (rate(a_bucket{panel=~"x|y", z!="rate"}[$__rate_interval]))', ['a_bucket']],
  ['histogram_quantile(0.95, sum(rate(a_bucket[10m])) by (le))', ['a_bucket']],
  ['a / on (instance) group_left (version) b', ['a', 'b']],
  ['a_total{instance=~"$instance"} offset 5m > bool 3 or b unless c', ['a_total', 'b', 'c']],
  ['(a - b) / b * 1e3 + Inf', ['a', 'b']],
  ['label_replace(a, "x", "$1", "y", "(.*) b {")', ['a']],
  ['time() - job:a:rate5m', ['job:a:rate5m']],
  ['vector(1)', []],
])('the series of %s', (expression, series) => {
  expect(seriesIn(expression)).toEqual(series)
})
