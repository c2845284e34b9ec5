// The rows of a table that its panel has no room for, as the note below the table says them.
import type { Block } from '../panels/panel.js'

export type Rest = { readonly rows: number; readonly notWell: number }

const NOTE = /^(\d+) more rows? not shown(?:, (\d+) of them not well)?$/

/** What the block says about rows that are not in the panel; null for any other block. */
export function restIn(block: Block): Rest | null {
  const found = block.kind === 'text' ? NOTE.exec(block.text) : null
  return found === null ? null : { rows: Number(found[1]), notWell: Number(found[2] ?? 0) }
}

/** The same of all blocks of a panel. */
export function restOf(blocks: readonly Block[]): Rest {
  let [rows, notWell] = [0, 0]
  for (const block of blocks) {
    const rest = restIn(block)
    rows += rest?.rows ?? 0
    notWell += rest?.notWell ?? 0
  }
  return { rows, notWell }
}

/** For a table that scrolls in its place. */
export function scrollText(rows: number, hidden: number): string {
  return hidden === 0
    ? `Scroll to see all ${rows} rows.`
    : `Scroll to see ${rows} of the ${rows + hidden} rows.`
}
