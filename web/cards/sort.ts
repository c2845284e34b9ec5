// Sorting a table by a column: numbers by value, texts in natural order, missing values always last.
import type { Cell } from '../state/panels.js'

export type Sort = { readonly column: number; readonly direction: 'ascending' | 'descending' }

const MISSING = '—'
/** Created on first use: loading its data takes longer than drawing a board. */
let collator: Intl.Collator | undefined

function isMissing(cell: Cell | undefined): boolean {
  return cell === undefined || cell.text === '' || cell.text === MISSING
}

function compare(a: Cell, b: Cell): number {
  if (a.value !== undefined && b.value !== undefined) return a.value - b.value
  collator ??= new Intl.Collator('en', { numeric: true })
  return collator.compare(a.text, b.text)
}

/** The indices of the rows in sorted order; stable. */
export function sortedPlaces(rows: readonly (readonly Cell[])[], sort: Sort | null): readonly number[] {
  const places = rows.map((_, i) => i)
  if (sort === null) return places
  const way = sort.direction === 'ascending' ? 1 : -1
  return places.sort((i, j) => {
    const [a, b] = [rows[i]?.[sort.column], rows[j]?.[sort.column]]
    if (a === undefined || b === undefined || isMissing(a) || isMissing(b))
      return Number(isMissing(a)) - Number(isMissing(b)) || i - j
    return way * compare(a, b) || i - j
  })
}

/** Ascending, descending, then unsorted. */
export function nextSort(sort: Sort | null, column: number): Sort | null {
  if (sort === null || sort.column !== column) return { column, direction: 'ascending' }
  return sort.direction === 'ascending' ? { column, direction: 'descending' } : null
}
