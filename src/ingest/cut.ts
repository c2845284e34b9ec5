// The beginning of a document that is too large to be handed around: the first members of each map and list.
import { isObject } from './json.js'

/** A document within these limits is not cut: values, and characters of JSON. */
export const WHOLE_LIMITS = { values: 50_000, chars: 1024 * 1024 } as const

/** What a cut document has at most; characters are counted about. */
const CUT_LIMITS = { values: 10_000, chars: 128 * 1024, members: 1_000, textChars: 2_000 } as const

type Limits = Readonly<Record<keyof typeof CUT_LIMITS, number>>

/** Maps, lists and scalars, at any depth. */
export function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  for (const member of Object.values(value)) count += countValues(member)
  return count
}

/** A copy with the first members; of the outermost map also those that are named in `first`, scalars only. */
export function cutJson(
  document: Readonly<Record<string, unknown>>,
  first: readonly string[] = [],
  limits: Limits = CUT_LIMITS,
): Readonly<Record<string, unknown>> {
  let { values, chars } = limits

  function taken(value: unknown): unknown {
    values--
    if (typeof value === 'string') {
      const text = value.length > limits.textChars ? value.slice(0, limits.textChars) : value
      chars -= text.length
      return text
    }
    if (Array.isArray(value)) {
      const items: unknown[] = []
      for (const item of value) {
        if (items.length === limits.members || values <= 0 || chars <= 0) break
        chars -= 8
        items.push(taken(item))
      }
      return items
    }
    return isObject(value) ? membersOf(value, {}) : value
  }

  function membersOf(from: Readonly<Record<string, unknown>>, into: Record<string, unknown>): object {
    let count = 0
    for (const key of Object.keys(from)) {
      if (count++ === limits.members || values <= 0 || chars <= 0) break
      chars -= key.length + 8
      // An assignment to `__proto__` would set the prototype.
      Object.defineProperty(into, key, {
        value: taken(from[key]),
        configurable: true,
        enumerable: true,
        writable: true,
      })
    }
    return into
  }

  const whole: Record<string, unknown> = {}
  membersOf(document, whole)
  for (const name of first) {
    if (Object.hasOwn(whole, name) || !Object.hasOwn(document, name)) continue
    const value = document[name]
    if (typeof value !== 'object') whole[name] = taken(value)
  }
  return whole
}
