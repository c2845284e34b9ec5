// The names of all indices as one short text.
import type { IndexRow } from '../snapshot/snapshot.js'
import { TEXT_WIDTH } from './text.js'

/** Comma-separated, in the order of the status; null when there are none. Stops when the text is longer than a panel shows. */
export function namesOf(rows: readonly IndexRow[]): string | null {
  let names = ''
  for (const { name } of rows) {
    names += names === '' ? name : `, ${name}`
    if (names.length > TEXT_WIDTH * 2) break
  }
  return names === '' ? null : names
}
