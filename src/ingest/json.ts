// Checks of JSON from another server: untrusted, of any depth, with any member names.
import type { Status } from '../snapshot/reading.js'

/** Deeper documents are refused: no status nests like that, and recursion must end. */
export const MAX_DEPTH = 64

/** Member names with a meaning in JavaScript objects; no difference may use them. */
const REFUSED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

export function isObject(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isRefusedName(name: string): boolean {
  return REFUSED.has(name)
}

/** Whether nesting stays within `limit` levels; a scalar has none. */
export function isWithinDepth(value: unknown, limit: number = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (limit === 0) return false
  for (const member of Object.values(value)) if (!isWithinDepth(member, limit - 1)) return false
  return true
}

/** Freezes a document of limited depth. A frozen object is assumed to be deep-frozen. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const member of Object.values(value)) deepFreeze(member)
  return value
}

/**
 * Equal in every member, for JSON documents and other plain objects and lists without cycles. The order of members counts, because
 * panels show it.
 */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!sameJson(a[i], b[i])) return false
    return true
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  const others = Object.keys(b)
  return (
    keys.length === others.length && keys.every((key, i) => key === others[i] && sameJson(a[key], b[key]))
  )
}
