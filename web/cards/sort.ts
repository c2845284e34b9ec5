// Sorting a table by a column: numbers by value, texts in natural order, missing values always last.
import { isNotWell, toneRank } from '../../src/display/shape.js'
import { type Cell, MISSING, type Tone } from '../state/panels.js'

export type Sort = { readonly column: number; readonly direction: 'ascending' | 'descending' }

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

/** In a longer table rows that are not well come first. */
const SHORT_ROWS = 12

/** The worst tone of a row; undefined for a row that is well. */
export function rowTone(row: readonly Cell[]): Tone | undefined {
  let worst: Tone | undefined
  for (const { tone } of row) if (isNotWell(tone) && toneRank(tone) < toneRank(worst)) worst = tone
  return worst
}

function worstFirst(rows: readonly (readonly Cell[])[]): readonly number[] {
  const places = rows.map((_, i) => i)
  if (rows.length <= SHORT_ROWS) return places
  const ranks = rows.map(row => toneRank(rowTone(row)))
  return places.sort((i, j) => (ranks[i] ?? 0) - (ranks[j] ?? 0) || i - j)
}

/** The indices of the rows in sorted order; stable. Unsorted: as they came, those that are not well first in a long table. */
export function sortedPlaces(rows: readonly (readonly Cell[])[], sort: Sort | null): readonly number[] {
  if (sort === null) return worstFirst(rows)
  const places = rows.map((_, i) => i)
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
