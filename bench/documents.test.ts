import { describe, expect, test } from 'vitest'
import { createPanelBuilder } from '../src/engine/panel-builder.js'
import { DEFAULT_THRESHOLDS } from '../src/panels/thresholds.js'
import { derive } from '../src/snapshot/derive.js'
import { type BenchDocumentOptions, benchDocuments } from './documents.js'

/** How many panels changed from each document to the next. */
function changed(steps: number, options: BenchDocumentOptions): readonly number[] {
  const builder = createPanelBuilder()
  const documents = benchDocuments(options)
  const next = () =>
    builder
      .build({
        snapshot: derive(documents.next()),
        thresholds: DEFAULT_THRESHOLDS,
        timezone: 'Asia/Kolkata',
        nowMs: Date.UTC(2026, 0, 6),
        links: { source: null, metricsUrl: null, streamUrl: null, pageUrl: null },
      })
      .map(({ tone, lines }) => [tone, ...lines].join('\n'))
  let before = next()
  return Array.from({ length: steps }, () => {
    const after = next()
    const count = after.filter((text, i) => text !== before[i]).length
    before = after
    return count
  })
}

describe.each([1, 4, 100])('with %i indices', indices => {
  test.each([
    [10, 1, 1],
    [30, 2, 3],
    [70, 6, 7],
  ] as const)('about %i%% of nine panels change each time', (churnPct, least, most) => {
    const counts = changed(200, { indices, churnPct, seed: 1 })
    expect(Math.min(...counts)).toBe(least)
    expect(Math.max(...counts)).toBe(most)
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    expect(Math.abs(mean - Math.max(1, 0.09 * churnPct))).toBeLessThan(0.05)
  })
})

test('the same seed gives the same documents', () => {
  const texts = (seed: number) => {
    const documents = benchDocuments({ indices: 4, churnPct: 30, seed })
    return Array.from({ length: 50 }, () => JSON.stringify(documents.next()))
  }
  expect(texts(1)).toEqual(texts(1))
  expect(texts(1)).not.toEqual(texts(2))
})

test('there are as many indices as asked for, each with a name of its own', () => {
  const { indices } = derive(benchDocuments({ indices: 500, churnPct: 10, seed: 1 }).next())
  expect(new Set(indices.map(({ name }) => name)).size).toBe(500)
})
