// Which columns of a table fit: the least important are dropped first. Two always stay, because a name without its value says nothing:
// a table of two columns never loses one, and its texts wrap.
import { shownColumn } from '../../src/display/shown.js'
import type { Cell, Column } from '../state/panels.js'

/** The most that a column of texts needs: longer texts wrap. */
const WIDEST_CH = 16
/** The same of names and times, which are hard to read in two lines; where there is room for more than two columns. */
const WIDEST_NAME_CH = 24
const NARROW_CH = 44
/** The mark of a row, in its first cell. */
const MARK_CH = 2
/** Between two columns. */
const GAP_CH = 2

/** Where a table of this width has room for little. */
export const isNarrow = (roomCh: number): boolean => roomCh < NARROW_CH

/** The width of each column in characters. Columns never shrink below `before`, so that none appears and disappears. */
export function widthsOf(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  before: readonly number[],
  panelKey?: string,
  narrow = false,
): readonly number[] {
  return columns.map((column, i) => {
    const { label, unit } = shownColumn(column, panelKey)
    const mark = i === 0 ? MARK_CH : 0
    let widest = Math.max(label.length + unit.length + 1, before[i] ?? 0)
    for (const row of rows) {
      const cell = row[i]
      if (cell !== undefined) widest = Math.max(widest, cell.text.length + mark)
    }
    const isName = i === 0 || rows.some(row => row[i]?.unit === 'time')
    return column.align === 'right'
      ? widest
      : Math.min(widest, isName && !narrow ? WIDEST_NAME_CH : WIDEST_CH)
  })
}

/** Whether the texts of a column of this width may wrap; numbers do not, and words only where there is no room for them. */
export function wraps({ align }: Column, widthCh: number, isTight = false): boolean {
  return align !== 'right' && (isTight || widthCh === WIDEST_CH || widthCh >= WIDEST_NAME_CH)
}

/** The room that these columns need, in characters. */
export function neededCh(shown: readonly number[], widthsCh: readonly number[]): number {
  return shown.reduce((sum, i) => sum + (widthsCh[i] ?? 0) + GAP_CH, 0)
}

/** How many columns stay however little room there is. */
const ALWAYS = 2

/** Indices of the columns that fit into `roomCh`, in their order. */
export function shownColumns(
  columns: readonly Column[],
  widthsCh: readonly number[],
  roomCh: number,
): readonly number[] {
  const byWorth = columns
    .map((column, i) => ({ i, priority: column.priority ?? 0 }))
    .sort((a, b) => b.priority - a.priority || a.i - b.i)
  const shown: number[] = []
  let usedCh = 0
  for (const { i } of byWorth) {
    usedCh += (widthsCh[i] ?? 0) + GAP_CH
    if (shown.length >= ALWAYS && usedCh > roomCh) break
    shown.push(i)
  }
  return shown.sort((a, b) => a - b)
}
