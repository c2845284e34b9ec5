// Which column of a table gets gauges: the first of shares from 0 to 100 per cent. Changes, which have a sign, are no shares. Pure.
import { labelOf } from '../../src/display/label.js'
import type { Cell, Column } from '../state/panels.js'

const SIGNED = /^[+\-−]/

function isShare(column: Column, rows: readonly (readonly Cell[])[], at: number): boolean {
  if ((column.unit ?? labelOf(column.label).unit) !== '%') return false
  const values = rows.flatMap(row => (row[at]?.value === undefined ? [] : [row[at]]))
  return (
    values.length > 0 &&
    values.every(({ text, value = -1 }) => value >= 0 && value <= 100 && !SIGNED.test(text))
  )
}

/** -1 where there is none. */
export function gaugeColumn(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number {
  return columns.findIndex((column, i) => isShare(column, rows, i))
}
