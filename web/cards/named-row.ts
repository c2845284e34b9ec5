// The row of a table that a reason of the verdict speaks of. Pure.
import type { Place } from '../state/overall.js'
import type { Block, Cell } from '../state/panels.js'
import { rowKeys } from '../state/row-keys.js'
import { rowTone } from './sort.js'

/** How many characters of the reason are cells of this row. */
function sharedWith(row: readonly Cell[], reason: string): number {
  return row.reduce((sum, { text }) => sum + (text !== '' && reason.includes(text) ? text.length : 0), 0)
}

/**
 * The key of the row (as `rowKeys` has it); null where no row has that first cell. Several may share it, such as a namespace: then the one
 * that is not well and has most of what the reason says.
 */
export function namedRow(
  blocks: readonly Block[],
  { row }: Pick<Place, 'row'>,
  reason: string,
): string | null {
  if (row === undefined) return null
  let best: { readonly key: string | null; readonly worth: number } = { key: null, worth: -1 }
  for (const block of blocks) {
    if (block.kind !== 'table') continue
    const named = block.rows.flatMap((cells, at) => (cells[0]?.text === row ? [{ cells, at }] : []))
    if (named.length === 0) continue
    const keys = rowKeys(block.rows)
    for (const { cells, at } of named) {
      const worth = rowTone(cells) === undefined ? 0 : 1 + sharedWith(cells, reason)
      if (worth > best.worth) best = { key: keys[at] ?? null, worth }
    }
  }
  return best.key
}
