// The names of all indices in one short text.
import type { IndexRow } from '../snapshot/snapshot.js'
import { TEXT_WIDTH } from './text.js'

/** Comma-separated, in the order of the status; null when there are none. Longer than can be shown is not joined. */
export function namesOf(rows: readonly IndexRow[]): string | null {
  let names = ''
  for (const { name } of rows) {
    names += names === '' ? name : `, ${name}`
    if (names.length > TEXT_WIDTH * 2) break
  }
  return names === '' ? null : names
}
