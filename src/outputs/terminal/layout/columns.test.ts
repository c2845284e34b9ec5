import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COLUMN_GAP, type ColumnPanel, columnCount, columnWidths, splitPanels } from './columns.js'

const wide = (...heights: number[]): ColumnPanel => ({ isWide: true, heights })
const small = (...heights: number[]): ColumnPanel => ({ isWide: false, heights })

function ends(panels: readonly ColumnPanel[], split: readonly number[], columns: number): number[] {
  return Array.from({ length: columns }, (_, at) =>
    panels.reduce((sum, { heights }, i) => sum + (split[i] === at ? (heights[at] ?? 0) : 0), 0),
  )
}

describe('panels in columns', () => {
  test('are tables in the first and fields in the others', () => {
    expect(splitPanels([wide(9, 9), small(5, 5), wide(7, 7), small(6, 6), small(5, 5)], 2, 60, null)).toEqual(
      [0, 1, 0, 1, 1],
    )
    expect(splitPanels([wide(5)], 1, 60, null)).toEqual([0])
  })

  test('move until the columns end within three rows', () => {
    const panels = [wide(9, 9), wide(8, 8), wide(9, 9), wide(7, 7), small(5, 5)]
    const [left = 0, right = 0] = ends(panels, splitPanels(panels, 2, 60, null), 2)
    expect(Math.abs(left - right)).toBeLessThanOrEqual(3)
  })

  test('stay in place while that is about as good, and move when it is not', () => {
    const before = [wide(12, 12), small(5, 5), small(5, 5)]
    expect(splitPanels(before, 2, 60, null)).toEqual([0, 1, 1])
    expect(splitPanels([wide(12, 12), small(5, 5), small(2, 2)], 2, 60, [0, 1, 1])).toEqual([0, 1, 1])
    expect(splitPanels([wide(12, 12), wide(8, 8), small(2, 2)], 2, 60, [0, 0, 1])).toEqual([0, 1, 1])
  })

  test('are all in one column, and end as evenly as one move allows, whatever their heights', () => {
    const panel = fc.record({
      isWide: fc.boolean(),
      heights: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 3, maxLength: 3 }),
    })
    fc.assert(
      fc.property(
        fc.array(panel, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 3 }),
        (all, columns) => {
          const used = Math.min(columns, all.length)
          const split = splitPanels(all, columns, 60, null)
          expect(split).toHaveLength(all.length)
          for (const at of split) expect(at).toBeLessThan(used)
          const spread = (of: readonly number[]): number => Math.max(...of) - Math.min(...of)
          const now = spread(ends(all, split, used))
          if (now <= 3) return
          all.forEach((_, i) => {
            for (let to = 0; to < used; to++) {
              const moved = split.map((at, j) => (j === i ? to : at))
              expect(spread(ends(all, moved, used))).toBeGreaterThan(now - 1)
            }
          })
        },
      ),
    )
  })

  test('have fewer columns rather than narrower ones', () => {
    expect([80, 100, 200, 260, 400].map(width => columnCount(width, null))).toEqual([1, 2, 2, 3, 3])
    expect(columnCount(200, 110)).toBe(1)
    expect(columnCount(60, 70)).toBe(1)
  })
})

describe('widths of columns', () => {
  const widths = (width: number, fixed: (number | null)[], more = {}): readonly number[] =>
    columnWidths({ width, minWidth: null, autoFit: true, fixed, ...more })

  test('are 60 : 40, on wide screens 65 : 35', () => {
    expect(widths(120, [null, null])).toEqual([69, 47])
    expect(widths(200, [null, null])).toEqual([127, 69])
    expect(widths(80, [null])).toEqual([80])
  })

  test('are as wide as a setting says, and the others share the rest', () => {
    expect(widths(200, [90, null])).toEqual([90, 106])
    expect(widths(200, [null, 90])).toEqual([106, 90])
    expect(widths(120, [200, null])).toEqual([86, 30])
  })

  test('are equal without fitting', () => {
    expect(widths(200, [null, null], { autoFit: false })).toEqual([98, 98])
  })

  test('never exceed the screen, with any settings', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 8, max: 1_000 })), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 40, max: 400 }),
        fc.boolean(),
        (fixed, width, autoFit) => {
          const made = columnWidths({ width, minWidth: null, autoFit, fixed })
          const sum = made.reduce((total, one) => total + one, 0)
          expect(sum + COLUMN_GAP * (fixed.length - 1)).toBeLessThanOrEqual(width)
          for (const one of made) expect(one).toBeGreaterThanOrEqual(8)
        },
      ),
    )
  })
})
