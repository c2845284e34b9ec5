// Applying a `panel_diff` to a status. Three grammars, told apart by shape (ingest.md 2):
//
// 1. structured:     {added: {k: v}, removed: [k], changed: {k: {old, new}}, nested?: {k: <the same>}}, as collectors send
// 2. one member:     {panel, op: "full" | "diff", data}, where {"__remove__": true} removes
// 3. anything else:  JSON Merge Patch (RFC 7396), as we send
//
// The status is never changed; what a difference does not touch is shared between before and after, and what it brings is
// frozen on its way in, so that a status that was frozen all through stays so at the cost of the change. A difference that names
// `__proto__`, `constructor` or `prototype`, that is deeper than 64, or that does not fit, is refused whole.
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

/** Whether it is read as a merge patch, here and by the original's client, which takes every {panel, op, data} for a member. */
export function isMergePatch(diff: Status): boolean {
  return !isStructured(diff) && !['panel', 'op', 'data'].every(key => Object.hasOwn(diff, key))
}

function merged(status: Status, diff: Status): Status {
  if (isStructured(diff)) return applyStructured(status, diff)
  if (isMember(diff)) return applyMember(status, diff)
  const patched = applyPatch(status, diff)
  return isObject(patched) ? patched : {}
}

function refuseNames(object: Status): void {
  for (const key of Object.keys(object))
    if (isRefusedName(key)) throw new Refused(`the name ${key} is refused`)
}

/** A value that comes in whole may not carry such names either, at any depth. Frozen all through. */
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
  else
    after[panel] =
      op === 'full' ? clean(data) : applyMarked(Object.hasOwn(before, panel) ? before[panel] : {}, data)
  return Object.freeze(after)
}

/** Maps merge, everything else replaces, the mark removes; `null` is a value here. */
function applyMarked(before: unknown, data: unknown): unknown {
  if (!isObject(data)) return clean(data)
  refuseNames(data)
  const after: Record<string, unknown> = isObject(before) ? { ...before } : {}
  for (const [key, value] of Object.entries(data)) {
    if (isRemoval(value)) delete after[key]
    else after[key] = applyMarked(Object.hasOwn(after, key) ? after[key] : undefined, value)
  }
  return Object.freeze(after)
}

// ── 3: JSON Merge Patch ──────────────────────────────────────────────────────────────────────────────────────────

/** RFC 7396, section 2. */
function applyPatch(before: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return clean(patch)
  refuseNames(patch)
  const after: Record<string, unknown> = isObject(before) ? { ...before } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key]
    else after[key] = applyPatch(Object.hasOwn(after, key) ? after[key] : undefined, value)
  }
  return Object.freeze(after)
}
