// The series of a printed label: `indices/NIFTY/LTP` is the number in the panel `indices`, the row `NIFTY`, the column `LTP`, and
// `resources/CPU` a field. Panels go by key or title; nothing here depends on the case of letters.
import type { Board, BoardPanel } from '../board/board.js'
import { factId } from '../panels/facts.js'

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase()

/** The id of the fact that is printed there; null where nothing is. */
export function seriesId(board: Board | null, label: string): string | null {
  const [panelName = '', ...rest] = label.split('/')
  for (const panel of board?.panels.values() ?? []) {
    if (!same(panel.key, panelName) && !same(panel.title, panelName)) continue
    const found = rest.length === 1 ? fieldOf(panel, rest[0] ?? '') : cellOf(panel, rest)
    if (found !== null) return found
  }
  return null
}

function fieldOf({ key, blocks }: BoardPanel, label: string): string | null {
  for (const block of blocks) {
    const item = block.kind === 'fields' ? block.items.find(each => same(each.label, label)) : undefined
    if (item?.fact !== undefined) return `${factId(key)}.${item.fact}`
  }
  return null
}

/** Names of rows may have a `/` in them: what is between the first and the last one is the row. */
function cellOf({ key, blocks }: BoardPanel, path: readonly string[]): string | null {
  const [label, row] = [path.at(-1) ?? '', path.slice(0, -1).join('/')]
  for (const block of blocks) {
    if (block.kind !== 'table') continue
    const column = block.columns.find(each => same(each.label, label))
    const name = block.rows.find(([first]) => first !== undefined && same(first.text, row))?.[0]?.text
    if (column?.fact !== undefined && name !== undefined) return `${factId(key, name)}.${column.fact}`
  }
  return null
}
