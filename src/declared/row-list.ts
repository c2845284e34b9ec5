// The rows of a list or a map, column by column: a table may have ten thousand rows, and an object for each of them would cost more
// than reading it.
import { MAX_ROWS } from './file.js'

export type RowList = {
  readonly values: readonly unknown[]
  /** The keys of a map's rows; null for a list. */
  readonly keys: readonly string[] | null
  /** How many of the values are rows. */
  readonly count: number
}

/** Some rows of a list, by their places. */
export type Places = readonly number[]

export function rowList(values: readonly unknown[], keys: readonly string[] | null): RowList {
  return { values, keys, count: Math.min(values.length, MAX_ROWS) }
}

export function keyAt({ keys }: RowList, at: number): string | null {
  return keys === null ? null : (keys[at] ?? null)
}

export function allPlaces(count: number): Places {
  const places: number[] = []
  for (let at = 0; at < count; at++) places.push(at)
  return places
}
