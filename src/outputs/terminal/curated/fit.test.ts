import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CuratedNeed, fitCurated } from './fit.js'

const need = (key: string, importance: number, full: number, stays = false): CuratedNeed => ({
  key,
  importance,
  full,
  stays,
  isNotWell: false,
})
const NEEDS = [
  need('header', 100, 4, true),
  need('cycle', 95, 3, true),
  need('indices', 90, 8),
  need('alerts', 85, 6),
  need('analytics', 45, 5),
]

describe('curated blocks in too few rows', () => {
  test('are complete when there is room', () => {
    expect(fitCurated(NEEDS, 26)).toEqual([4, 3, 8, 6, 5])
  })

  test('shrink to a line, the least important first', () => {
    expect(fitCurated(NEEDS, 25)).toEqual([4, 3, 8, 6, 1])
    expect(fitCurated(NEEDS, 21)).toEqual([4, 3, 8, 1, 1])
    expect(fitCurated(NEEDS, 16)).toEqual([4, 3, 1, 1, 1])
  })

  test('are dropped only when all are lines, the least important first', () => {
    expect(fitCurated(NEEDS, 5)).toEqual([1, 1, 1, 1, 1])
    expect(fitCurated(NEEDS, 4)).toEqual([1, 1, 1, 1, 0])
    expect(fitCurated(NEEDS, 3)).toEqual([1, 1, 1, 0, 0])
  })

  test('header and cycle are never dropped, nor alerts that must stay', () => {
    expect(fitCurated(NEEDS, 0)).toEqual([1, 1, 0, 0, 0])
    const critical = NEEDS.map(block => (block.key === 'alerts' ? { ...block, stays: true } : block))
    expect(fitCurated(critical, 3)).toEqual([1, 1, 0, 1, 0])
  })

  test('keep what is not well whole until all that is well is dropped, then a part of it', () => {
    const bad = NEEDS.map(block =>
      block.key === 'alerts' ? { ...block, stays: true, isNotWell: true } : block,
    )
    expect(fitCurated(bad, 10)).toEqual([1, 1, 1, 6, 1])
    expect(fitCurated(bad, 8)).toEqual([1, 1, 0, 6, 0])
    expect(fitCurated(bad, 5)).toEqual([1, 1, 0, 3, 0])
    expect(fitCurated(bad, 2)).toEqual([1, 1, 0, 1, 0])
  })

  test('whatever is shown whole, nothing less important was kept whole in place of it', () => {
    const any = fc.record({
      key: fc.string(),
      importance: fc.integer({ min: 1, max: 100 }),
      full: fc.integer({ min: 1, max: 20 }),
      stays: fc.boolean(),
      isNotWell: fc.constant(false),
    })
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), fc.nat(100), (needs, rows) => {
        const heights = fitCurated(needs, rows)
        const used = heights.reduce((sum, height) => sum + height, 0)
        const staying = needs.filter(({ stays }) => stays).length
        expect(used <= rows || used === staying).toBe(true)
        needs.forEach((a, i) => {
          if ((heights[i] ?? 0) === a.full) return
          needs.forEach((b, j) => {
            if (b.importance < a.importance && b.full > 1) expect(heights[j]).toBeLessThan(b.full)
          })
        })
      }),
    )
  })
})
