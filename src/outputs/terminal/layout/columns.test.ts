import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnCount, columnWidths, splitPanels } from './columns.js'

const need = (least: number, natural: number, fixed: number | null = null) => ({ least, natural, fixed })
const options = { width: 150, minWidth: null, autoFit: true, previous: null }

describe('panels in columns', () => {
  test('are split in order so that the tallest column is lowest', () => {
    expect(splitPanels([9, 9, 9, 9, 20, 5, 16, 16, 8], 3, 60, null)).toEqual([3, 6, 9])
    expect(splitPanels([5], 3, 60, null)).toEqual([1])
  })

  test('stay in place while that shows about as much', () => {
    const before = splitPanels([10, 10, 10], 2, 20, null)
    expect(before).toEqual([1, 3])
    // 22 rows in a column of 20: two are hidden either way or nearly so.
    expect(splitPanels([10, 10, 12], 2, 20, [2, 3])).toEqual([2, 3])
    expect(splitPanels([10, 11, 11], 2, 20, [1, 3])).toEqual([1, 3])
  })

  test('move when that shows noticeably more', () => {
    expect(splitPanels([10, 20, 10], 2, 31, [1, 3])).toEqual([1, 3])
    expect(splitPanels([10, 10, 30], 2, 31, [1, 3])).toEqual([2, 3])
  })

  test('are all in exactly one column, whatever their heights', () => {
    const heights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(heights, fc.integer({ min: 1, max: 3 }), fc.nat(100), (all, columns, rows) => {
        const split = splitPanels(all, columns, rows, null)
        expect(split.at(-1)).toBe(all.length)
        expect(split).toHaveLength(Math.min(columns, all.length))
        for (let i = 1; i < split.length; i++) expect(split[i]).toBeGreaterThan(split[i - 1] ?? 0)
      }),
    )
  })

  test('have fewer columns rather than narrower ones', () => {
    expect(columnCount(200, null)).toBe(3)
    expect(columnCount(200, 70)).toBe(2)
    expect(columnCount(60, 70)).toBe(1)
  })
})

describe('widths of columns', () => {
  test('give the minimum widths first, then the preferred ones, then shares of the rest', () => {
    expect(columnWidths([need(40, 40), need(40, 120), need(40, 40)], options)).toEqual([40, 70, 40])
    expect(columnWidths([need(40, 40), need(40, 44), need(40, 40)], options)).toEqual([48, 52, 50])
    expect(columnWidths([need(60, 60), need(60, 60), need(40, 60)], options)).toEqual([55, 55, 40])
  })

  test('stay when a value becomes a little longer', () => {
    const before = columnWidths([need(40, 60), need(40, 60), need(40, 60)], options)
    const later = [need(40, 60), need(44, 64), need(40, 60)]
    expect(columnWidths(later, { ...options, previous: before })).toBe(before)
    expect(columnWidths(later, options)).not.toEqual(before)
  })

  test('change when a table would lose a column otherwise', () => {
    const before = columnWidths([need(40, 60), need(40, 60), need(40, 60)], options)
    const later = [need(40, 60), need(64, 64), need(40, 60)]
    expect(columnWidths(later, { ...options, previous: before })[1]).toBeGreaterThanOrEqual(64)
  })

  test('never exceed the screen, with any needs and settings', () => {
    const anyNeed = fc
      .tuple(fc.nat(200), fc.nat(200), fc.option(fc.integer({ min: 8, max: 1_000 })))
      .map(([least, more, fixed]) => need(least, least + more, fixed))
    fc.assert(
      fc.property(
        fc.array(anyNeed, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 40, max: 400 }),
        fc.boolean(),
        (needs, width, autoFit) => {
          const widths = columnWidths(needs, { width, minWidth: null, autoFit, previous: null })
          expect(widths.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(width)
          for (const one of widths) expect(one).toBeGreaterThanOrEqual(8)
        },
      ),
    )
  })
})
