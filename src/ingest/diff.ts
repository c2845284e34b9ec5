// The difference between two statuses as we send it (grammar 1 of merge.ts): applying it to the first gives the second,
// always, to the order of members. What cannot be said that way is not said: the caller sends the whole status.
import type { Status } from '../snapshot/reading.js'
import { isObject, isRefusedName, isWithinDepth, MAX_DEPTH, sameJson } from './json.js'

export type StatusDiff = {
  readonly added: Status
  readonly removed: readonly string[]
  readonly changed: Readonly<Record<string, { readonly old: unknown; readonly new: unknown }>>
  readonly nested?: Readonly<Record<string, StatusDiff>>
}

export function isEmptyDiff(diff: StatusDiff): boolean {
  return (
    diff.removed.length === 0 &&
    diff.nested === undefined &&
    Object.keys(diff.added).length === 0 &&
    Object.keys(diff.changed).length === 0
  )
}

/** Null: one of them has names or a depth that a difference may not have, or members have changed places. */
export function diffStatus(before: Status, after: Status): StatusDiff | null {
  if (!isSayable(before) || !isSayable(after)) return null
  const diff = difference(before, after)
  return diff !== null && isWithinDepth(diff) ? diff : null
}

function isSayable(value: unknown, limit: number = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (limit === 0) return false
  if (!Array.isArray(value) && Object.keys(value).some(isRefusedName)) return false
  return Object.values(value).every(member => isSayable(member, limit - 1))
}

/** Null when kept members do not stand where applying leaves them: as they were, with the new ones after them. */
function difference(before: Status, after: Status): StatusDiff | null {
  const keys = Object.keys(after)
  const kept = Object.keys(before).filter(key => Object.hasOwn(after, key))
  if (kept.some((key, i) => key !== keys[i])) return null
  const added: Record<string, unknown> = {}
  const changed: Record<string, { old: unknown; new: unknown }> = {}
  const nested: Record<string, StatusDiff> = {}
  for (const key of keys) {
    const value = after[key]
    if (!Object.hasOwn(before, key)) {
      added[key] = value
      continue
    }
    const old = before[key]
    if (old === value) continue
    const inner = isObject(old) && isObject(value) ? difference(old, value) : null
    if (inner !== null) {
      if (!isEmptyDiff(inner)) nested[key] = inner
    } else if (!sameJson(old, value)) changed[key] = { old, new: value }
  }
  const removed = Object.keys(before).filter(key => !Object.hasOwn(after, key))
  return Object.keys(nested).length === 0 ? { added, removed, changed } : { added, removed, changed, nested }
}
