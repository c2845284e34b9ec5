// Applies a `panel_diff` to a status. Its shape selects one of three grammars:
//
// 1. structured:     {added: {k: v}, removed: [k], changed: {k: {old, new}}, nested?: {k: <the same>}}, sent by collectors
// 2. one member:     {panel, op: "full" | "diff", data}, where {"__remove__": true} removes
// 3. anything else:  JSON Merge Patch (RFC 7396), sent by this server
//
// The old status is never changed, and the new one shares unchanged members with it. New members are frozen as they are added,
// so a deep-frozen status stays deep-frozen. A difference is refused as a whole when it names `__proto__`, `constructor` or
// `prototype`, is deeper than 64, or cannot be applied.
import type { Status } from '../snapshot/reading.js'
import { isObject, isRefusedName, isWithinDepth, MAX_DEPTH } from './json.js'

export type Merged =
  | { readonly ok: true; readonly status: Status }
  | { readonly ok: false; readonly why: string }

class Refused extends Error {}

/** The status after the difference, or why there is none. */
export function mergeDiff(status: Status, diff: unknown): Merged {
  if (!isObject(diff)) return { ok: false, why: 'a difference must be an object' }
  if (!isWithinDepth(diff)) return { ok: false, why: `deeper than ${MAX_DEPTH}` }
  try {
    return { ok: true, status: merged(status, diff) }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, why: error.message }
    throw error
  }
}

/** The status after a JSON merge patch (RFC 7396), whatever the names of its members, or why there is none. */
export function mergePatch(status: Status, patch: Status): Merged {
  try {
    const patched = applyMembers(status, patch, value => value === null)
    return { ok: true, status: isObject(patched) ? patched : {} }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, why: error.message }
    throw error
  }
}

/** Whether it is a merge patch, here and for the original's client, which treats every {panel, op, data} as one member. */
export function isMergePatch(diff: Status): boolean {
  return !isStructured(diff) && !['panel', 'op', 'data'].every(key => Object.hasOwn(diff, key))
}

function merged(status: Status, diff: Status): Status {
  if (isStructured(diff)) return applyStructured(status, diff)
  if (isMember(diff)) return applyMember(status, diff)
  const patched = applyMembers(status, diff, value => value === null)
  return isObject(patched) ? patched : {}
}

function refuseNames(object: Status): void {
  for (const key of Object.keys(object))
    if (isRefusedName(key)) throw new Refused(`the name ${key} is refused`)
}

/** Deep-freezes a new value; throws for a refused name at any depth. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) for (const member of value) clean(member)
  else if (isObject(value)) {
    refuseNames(value)
    for (const member of Object.values(value)) clean(member)
  } else return value
  return Object.freeze(value)
}

// ── 1: the structured grammar ────────────────────────────────────────────────────────────────────────────────────

type Replacement = { readonly old: unknown; readonly new: unknown }
type Structured = {
  readonly added: Status
  readonly removed: readonly string[]
  readonly changed: Readonly<Record<string, Replacement>>
  readonly nested?: unknown
}

function isReplacement(value: unknown): value is Replacement {
  return isObject(value) && Object.hasOwn(value, 'old') && Object.hasOwn(value, 'new')
}

export function isStructured(diff: unknown): diff is Structured {
  if (!isObject(diff)) return false
  const { added, removed, changed } = diff
  return (
    isObject(added) &&
    Array.isArray(removed) &&
    removed.every(key => typeof key === 'string') &&
    isObject(changed) &&
    Object.values(changed).every(isReplacement)
  )
}

function applyStructured(before: Status, diff: Structured): Status {
  const after: Record<string, unknown> = { ...before }
  for (const key of diff.removed) delete after[key]
  refuseNames(diff.added)
  for (const [key, value] of Object.entries(diff.added)) after[key] = clean(value)
  refuseNames(diff.changed)
  for (const [key, { new: value }] of Object.entries(diff.changed)) after[key] = clean(value)
  if (diff.nested === undefined) return Object.freeze(after)
  if (!isObject(diff.nested)) throw new Refused('nested must be an object')
  refuseNames(diff.nested)
  for (const [key, inner] of Object.entries(diff.nested)) {
    const old = after[key]
    if (!isStructured(inner)) throw new Refused(`nested.${key} is no difference`)
    if (!Object.hasOwn(after, key) || !isObject(old))
      throw new Refused(`nested.${key} has nothing to apply to`)
    after[key] = applyStructured(old, inner)
  }
  return Object.freeze(after)
}

// ── 2: one member ────────────────────────────────────────────────────────────────────────────────────────────────

type Member = { readonly panel: string; readonly op: 'full' | 'diff'; readonly data: unknown }

function isMember(diff: unknown): diff is Member {
  return (
    isObject(diff) &&
    typeof diff.panel === 'string' &&
    (diff.op === 'full' || diff.op === 'diff') &&
    Object.hasOwn(diff, 'data')
  )
}

function isRemoval(value: unknown): boolean {
  return isObject(value) && value.__remove__ === true
}

function applyMember(before: Status, { panel, op, data }: Member): Status {
  if (isRefusedName(panel)) throw new Refused(`the name ${panel} is refused`)
  const after: Record<string, unknown> = { ...before }
  if (isRemoval(data)) delete after[panel]
  else {
    const old = Object.hasOwn(before, panel) ? before[panel] : undefined
    after[panel] = op === 'full' ? clean(data) : applyMembers(old, data, isRemoval)
  }
  return Object.freeze(after)
}

// ── 2 and 3 ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** RFC 7396, section 2; `isRemoved` says which value removes a member. Maps are merged, other values replaced. */
function applyMembers(before: unknown, data: unknown, isRemoved: (value: unknown) => boolean): unknown {
  if (!isObject(data)) return clean(data)
  refuseNames(data)
  const after: Record<string, unknown> = isObject(before) ? { ...before } : {}
  for (const [key, value] of Object.entries(data)) {
    if (isRemoved(value)) delete after[key]
    else after[key] = applyMembers(Object.hasOwn(after, key) ? after[key] : undefined, value, isRemoved)
  }
  return Object.freeze(after)
}
