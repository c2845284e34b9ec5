// The difference between two statuses as the server sends it: a JSON Merge Patch (grammar 3 of merge.ts). Applying it to the
// first always gives the second, in the same order of members. Where no patch can do that, the caller sends the whole status.
//
// A patch is the only grammar that the original's client applies as this one does: it merges a difference into the root of its
// status. A patch also omits old values, with which a difference in most members would be larger than the status.
import type { Status } from '../snapshot/reading.js'
import { isObject, isRefusedName, isWithinDepth, MAX_DEPTH, sameJson } from './json.js'
import { isMergePatch } from './merge.js'

export function isEmptyDiff(diff: Status): boolean {
  for (const _ in diff) return false
  return true
}

/**
 * Null: no patch exists. A status has names or a depth that a difference must not have, members were reordered, a member
 * became null (which means removal), or the patch would be parsed as another grammar.
 *
 * Linear: each member is compared once.
 */
export function diffStatus(before: Status, after: Status): Status | null {
  const patch = patchOf(before, after, MAX_DEPTH)
  return patch !== null && isWithinDepth(patch) && isMergePatch(patch) ? patch : null
}

/**
 * Empty: nothing differs. Null when `after` has another order than applying the patch gives: kept members in their old order,
 * then new ones.
 */
function patchOf(before: Status, after: Status, levels: number): Status | null {
  const keys = Object.keys(after)
  const old = Object.keys(before)
  if (levels === 0 || keys.some(isRefusedName) || old.some(isRefusedName)) return null
  const patch: Record<string, unknown> = {}
  let kept = 0
  for (const key of old) {
    if (!Object.hasOwn(after, key)) patch[key] = null
    else if (key !== keys[kept++]) return null
  }
  for (const [i, key] of keys.entries()) {
    const value = after[key]
    const was = i < kept ? before[key] : undefined
    if (was === value && i < kept) continue
    if (isObject(was) && isObject(value)) {
      const inner = patchOf(was, value, levels - 1)
      if (inner === null) return null
      if (!isEmptyDiff(inner)) patch[key] = inner
    } else if (i < kept && sameJson(was, value)) continue
    else if (isPatchValue(value, levels - 1)) patch[key] = value
    else return null
  }
  return patch
}

/** No refused name, and no null that a patch would treat as a removal: lists are replaced as a whole, nulls in them stay. */
function isPatchValue(value: unknown, levels: number, isInList = false): boolean {
  if (typeof value !== 'object') return true
  if (value === null) return isInList
  if (levels === 0) return false
  if (Array.isArray(value)) return value.every(item => isPatchValue(item, levels - 1, true))
  return Object.entries(value).every(
    ([key, member]) => !isRefusedName(key) && isPatchValue(member, levels - 1, isInList),
  )
}
