// The identity of a table row across updates: the text of its first column; where several rows share it, of the next columns too;
// for equal rows, their place among each other.
import type { Cell } from '../../src/panels/panel.js'

const SEPARATOR = '\u0000'
/** Columns compared. */
const MAX_DEPTH = 4

function countOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** One unique key for each row. */
export function rowKeys(rows: readonly (readonly Cell[])[]): readonly string[] {
  let keys = rows.map(row => row[0]?.text ?? '')
  for (let depth = 1; depth < MAX_DEPTH; depth++) {
    const counts = countOf(keys)
    if (counts.size === keys.length) return keys
    keys = keys.map((key, i) =>
      counts.get(key) === 1 ? key : `${key}${SEPARATOR}${rows[i]?.[depth]?.text ?? ''}`,
    )
  }
  const seen = new Map<string, number>()
  return keys.map(key => {
    const nth = seen.get(key) ?? 0
    seen.set(key, nth + 1)
    return nth === 0 ? key : `${key}${SEPARATOR}#${nth}`
  })
}
