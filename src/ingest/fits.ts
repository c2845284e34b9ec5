// Whether a structured difference (grammar 1 of merge.ts) was made from a status: it has the old members and their values.
// The other grammars have no old values.
import type { Status } from '../snapshot/reading.js'
import { isObject, isWithinDepth } from './json.js'
import { isStructured } from './merge.js'

/** False only where the difference contradicts the status. */
export function fitsBaseline(status: Status, diff: Status): boolean {
  return !isWithinDepth(diff) || !isStructured(diff) || fits(status, diff)
}

function fits(status: Status, diff: Status): boolean {
  if (!isStructured(diff)) return true
  const has = (key: string): boolean => Object.hasOwn(status, key)
  const { removed, added, changed, nested } = diff
  return (
    removed.every(has) &&
    !Object.keys(added).some(has) &&
    Object.entries(changed).every(([key, { old }]) => has(key) && isSame(old, status[key])) &&
    (!isObject(nested) ||
      Object.entries(nested).every(([key, inner]) => {
        const held = has(key) ? status[key] : null
        return !isObject(inner) || (isObject(held) && fits(held, inner))
      }))
  )
}

/**
 * Equal as the Python original compares: in any order of members, and true equals 1. It sends no difference between such
 * values, so the baseline may have either.
 */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((member, i) => isSame(member, b[i]))
  }
  if (isObject(a)) {
    if (!isObject(b)) return false
    const keys = Object.keys(a)
    return (
      keys.length === Object.keys(b).length &&
      keys.every(key => Object.hasOwn(b, key) && isSame(a[key], b[key]))
    )
  }
  return isNumeric(a) && isNumeric(b) && Number(a) === Number(b)
}

const isNumeric = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'
