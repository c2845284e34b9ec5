// Which values are a table: a list of objects, or a map of objects with mostly the same members.
import { isObject } from '../ingest/json.js'
import type { JsonMap } from '../snapshot/value.js'
import { spread } from './columns.js'
import { isDataKey, isSecret } from './names.js'
import type { Rows } from './table.js'

/** A list with one object is read as the object. */
function objectOf(value: unknown): JsonMap | null {
  if (isObject(value)) return value
  if (!Array.isArray(value) || value.length !== 1) return null
  const [only] = value as readonly unknown[]
  return isObject(only) ? only : null
}

const ALIKE_SAMPLE = 50
/** Share of the members of an object that most of the others have too. */
const ALIKE_SHARE = 0.5

/** Whether all members are objects with mostly the same members: rows by their names. `keys`: of all members. */
function isMapOfAlike(value: JsonMap, keys: readonly string[] = Object.keys(value)): boolean {
  if (keys.length < 2 && !keys.every(isDataKey)) return false
  if (keys.length === 0) return false
  const sample = spread(keys, ALIKE_SAMPLE).map(key => objectOf(value[key]))
  const objects = sample.filter(row => row !== null)
  if (objects.length < sample.length) return false
  const counts = new Map<string, number>()
  for (const row of objects)
    for (const name of Object.keys(row)) counts.set(name, (counts.get(name) ?? 0) + 1)
  let share = 0
  for (const row of objects) {
    const names = Object.keys(row)
    const common = names.filter(
      name =>
        (counts.get(name) ?? 0) * 2 >= objects.length && (objects.length < 2 || (counts.get(name) ?? 0) > 1),
    )
    share += names.length === 0 ? 0 : common.length / names.length
  }
  return share / objects.length >= ALIKE_SHARE
}

/** The rows of a list of objects or of a map of alike objects; null for anything else. */
export function rowsOf(value: unknown): Rows | null {
  if (Array.isArray(value)) {
    const list = value as readonly unknown[]
    const only = objectOf(value)
    if (
      only !== null &&
      Object.keys(only).length > 0 &&
      Object.values(only).every(isObject) &&
      isMapOfAlike(only)
    )
      return rowsOf(only)
    const objects = list.every(isObject) ? list : list.filter(isObject)
    // Most of them, so that one null does not hide a table.
    return objects.length === 0 || objects.length * 2 < list.length ? null : { names: null, objects }
  }
  if (!isObject(value)) return null
  const keys = Object.keys(value)
  if (!isMapOfAlike(value, keys)) return null
  const objects = keys.map(key => {
    const row = objectOf(value[key])
    return row === null || isSecret(key, row) ? null : row
  })
  if (objects.every(isRow)) return { names: keys, objects }
  return { names: keys.filter((_, at) => isRow(objects[at])), objects: objects.filter(isRow) }
}

const isRow = (row: JsonMap | null | undefined): row is JsonMap => row !== null && row !== undefined
