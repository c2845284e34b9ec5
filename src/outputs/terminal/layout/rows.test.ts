import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RowNeed, shareRows } from './rows.js'

const need = (
  key: string,
  importance: number,
  roomy: number,
  dense: number,
  more: Partial<RowNeed> = {},
): RowNeed => ({
  key,
  importance,
  roomy,
  dense,
  fixed: null,
  before: null,
  ...more,
})
const NEEDS = [need('a', 90, 12, 8), need('b', 50, 10, 8), need('c', 70, 10, 6)]
const heights = (needs: readonly RowNeed[], rows: number): number[] =>
  shareRows(needs, rows, true).map(({ height }) => height)

describe('the rows of a column', () => {
  test('fit the content, and the last panel gets the spare rows', () => {
    expect(heights(NEEDS, 40)).toEqual([12, 10, 18])
  })

  test('become dense before anything is cut', () => {
    expect(shareRows(NEEDS, 25, true).map(({ density }) => density)).toEqual(['dense', 'dense', 'dense'])
    expect(heights(NEEDS, 22)).toEqual([8, 8, 6])
  })

  test('then cut the least important, and the most important keep theirs', () => {
    expect(heights(NEEDS, 20)).toEqual([8, 6, 6])
    expect(heights(NEEDS, 17)).toEqual([7, 5, 5])
  })

  test('then leave the least important a line, and at last none', () => {
    expect(heights(NEEDS, 13)).toEqual([7, 1, 5])
    expect(heights(NEEDS, 8)).toEqual([6, 1, 1])
    expect(heights(NEEDS, 2)).toEqual([1, 0, 1])
  })

  test('stay as they were while a panel is shorter for a moment', () => {
    expect(heights([need('a', 90, 9, 8, { before: 12 }), need('b', 50, 10, 8)], 40)).toEqual([12, 28])
    expect(heights([need('a', 90, 9, 8, { before: 12 }), need('b', 50, 10, 8)], 20)).toEqual([9, 11])
  })

  test('follow the settings', () => {
    expect(heights([need('a', 90, 12, 8, { fixed: 5 }), need('b', 50, 10, 8)], 40)).toEqual([5, 35])
    expect(heights([need('a', 90, 12, 8, { fixed: 2 }), need('b', 50, 10, 8)], 40)).toEqual([1, 39])
  })

  test('never exceed the column, and never leave a box without a line of content', () => {
    const anyNeed = fc
      .record({
        key: fc.string(),
        importance: fc.nat(100),
        dense: fc.integer({ min: 3, max: 40 }),
        more: fc.nat(20),
        fixed: fc.option(fc.integer({ min: 1, max: 200 })),
        before: fc.option(fc.integer({ min: 3, max: 60 })),
      })
      .map(({ dense, more, ...rest }) => ({ ...rest, dense, roomy: dense + more }))
    fc.assert(
      fc.property(fc.array(anyNeed, { maxLength: 12 }), fc.nat(120), fc.boolean(), (needs, rows, autoFit) => {
        const shared = shareRows(needs, rows, autoFit).map(({ height }) => height)
        expect(shared.reduce((sum, height) => sum + height, 0)).toBeLessThanOrEqual(rows)
        for (const height of shared) expect(height === 0 || height === 1 || height >= 3).toBe(true)
      }),
    )
  })
})
