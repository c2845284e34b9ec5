// The difference between two statuses as we send it: a JSON Merge Patch (grammar 3 of merge.ts). Applying it to the first gives
// the second, always, to the order of members. What it cannot say is not said: the caller sends the whole status.
//
// The original's client merges a difference into the root of its status, so a patch is the one grammar that it applies as we do.
// A patch also leaves out old values: with them, a status in which most members change is smaller than its difference.
import type { Status } from '../snapshot/reading.js'
import { isObject, isRefusedName, isWithinDepth, MAX_DEPTH, sameJson } from './json.js'
import { isMergePatch } from './merge.js'

export function isEmptyDiff(diff: Status): boolean {
  return Object.keys(diff).length === 0
}

/**
 * Null: there is no such patch. One of them has names or a depth that a difference may not have, members have changed places,
 * a member became null (which means removal), or the patch would be read as another grammar.
 */
export function diffStatus(before: Status, after: Status): Status | null {
  if (!isSayable(before) || !isSayable(after)) return null
  const patch = patchOf(before, after)
  return patch !== null && isWithinDepth(patch) && isMergePatch(patch) ? patch : null
}

function isSayable(value: unknown, limit: number = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (limit === 0) return false
  if (!Array.isArray(value) && Object.keys(value).some(isRefusedName)) return false
  return Object.values(value).every(member => isSayable(member, limit - 1))
}

/** Null when kept members do not stand where applying leaves them: as they were, with the new ones after them. */
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

/** No null that a patch would take for a removal: lists are replaced whole, whatever is in them. */
function isWithoutNulls(value: unknown): boolean {
  if (value === null) return false
  return !isObject(value) || Object.values(value).every(isWithoutNulls)
}
