// The difference between two statuses as the server sends it: a JSON Merge Patch (grammar 3 of merge.ts). Applying it to the
// first always gives the second, in the same order of members. Where no patch can do that, the caller sends the whole status.
//
// A patch is the only grammar that the original's client applies as this one does: it merges a difference into the root of its
// status. A patch also omits old values, with which a difference in most members would be larger than the status.
import type { Status } from '../snapshot/reading.js'
import { isObject, isRefusedName, isWithinDepth, MAX_DEPTH, sameJson } from './json.js'
import { isMergePatch } from './merge.js'

export function isEmptyDiff(diff: Status): boolean {
  return Object.keys(diff).length === 0
}

/**
 * Null: no patch exists. A status has names or a depth that a difference must not have, members were reordered, a member
 * became null (which means removal), or the patch would be parsed as another grammar.
 */
export function diffStatus(before: Status, after: Status): Status | null {
  if (!isAllowed(before) || !isAllowed(after)) return null
  const patch = patchOf(before, after)
  return patch !== null && isWithinDepth(patch) && isMergePatch(patch) ? patch : null
}

function isAllowed(value: unknown, limit: number = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (limit === 0) return false
  if (!Array.isArray(value) && Object.keys(value).some(isRefusedName)) return false
  return Object.values(value).every(member => isAllowed(member, limit - 1))
}

/** Null when `after` has another order than applying the patch gives: kept members in their old order, then new ones. */
function patchOf(before: Status, after: Status): Status | null {
  const keys = Object.keys(after)
  const kept = Object.keys(before).filter(key => Object.hasOwn(after, key))
  if (kept.some((key, i) => key !== keys[i])) return null
  const patch: Record<string, unknown> = {}
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null
  for (const key of keys) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined
    const value = after[key]
    if (old === value || (old !== undefined && sameJson(old, value))) continue
    if (isObject(old) && isObject(value)) {
      const inner = patchOf(old, value)
      if (inner === null) return null
      patch[key] = inner
    } else if (isWithoutNulls(value)) patch[key] = value
    else return null
  }
  return patch
}

/** No null that a patch would treat as a removal. Nulls in lists are allowed: lists are replaced as a whole. */
function isWithoutNulls(value: unknown): boolean {
  if (value === null) return false
  return !isObject(value) || Object.values(value).every(isWithoutNulls)
}
