import { expect, test } from 'vitest'
import { silentMetrics } from '../metrics/metrics.js'
import { panelLabel } from './panel-label.js'

test('64 keys outside the registry are labels of their own, then they share one', () => {
  const metrics = silentMetrics()
  const keys = Array.from({ length: 70 }, (_, i) => `data.${i}`)
  const labels = keys.map(panelLabel(metrics))
  expect(labels.slice(0, 64)).toEqual(keys.slice(0, 64))
  expect(new Set(labels.slice(64))).toEqual(new Set(['auto']))
  const again = panelLabel(metrics)
  expect([again('data.3'), again('data.69'), again('indices')]).toEqual(['data.3', 'auto', 'indices'])
})
