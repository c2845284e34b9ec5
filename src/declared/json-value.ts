// JSON values as expressions see them. Members are own members: `constructor` and `__proto__` are names like others.
import { type Budget, EvaluationError, MAX_CHARS } from './budget.js'

export type JsonObject = Readonly<Record<string, unknown>>

/** `&expression` as an argument: a value of expressions only, never part of a result. JSON has no functions. */
export type Reference = (value: unknown) => unknown

export function isReference(value: unknown): value is Reference {
  return typeof value === 'function'
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function own(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null
}

/** Reads a member of this name. Asking an object whether a member is its own takes as long as reading it, and few names need it. */
export function memberReader(name: string): (value: unknown) => unknown {
  if (name in Object.prototype) return value => own(value, name)
  return value => (isObject(value) ? (value[name] ?? null) : null)
}

/** Null, false, and empty text, lists and objects. Zero is true. */
export function isFalsy(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  if (!isObject(value)) return false
  for (const _ in value) return false
  return true
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (isReference(value)) return 'an expression'
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'number':
      return 'a number'
    case 'boolean':
      return 'true or false'
    default:
      return 'an object'
  }
}

/** Equal in every member, in any order. */
export function isEqual(a: unknown, b: unknown, budget: Budget): boolean {
  budget.spend(1)
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => isEqual(item, b[i], budget))
  }
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every(name => Object.hasOwn(b, name) && isEqual(a[name], b[name], budget))
  )
}

/** About the size of a value as JSON. Throws EvaluationError above 1 MiB, or when it is no JSON. */
export function measured(value: unknown, budget: Budget): number {
  return sizeWith(0, value, budget)
}

/** `chars` and the size of the value. */
function sizeWith(chars: number, value: unknown, budget: Budget): number {
  budget.spend(1)
  if (typeof value === 'string') return within(chars + value.length + 2)
  if (Array.isArray(value)) {
    let sum = within(chars + 2)
    for (const item of value) sum = sizeWith(sum, item, budget)
    return sum
  }
  if (isObject(value)) {
    let sum = within(chars + 2)
    for (const name of Object.keys(value)) sum = sizeWith(within(sum + name.length + 4), value[name], budget)
    return sum
  }
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return within(chars + 5)
  throw new EvaluationError(`its result is ${kindOf(value)} that JSON does not have`)
}

function within(chars: number): number {
  if (chars > MAX_CHARS) throw new EvaluationError('its result is larger than 1 MiB')
  return chars
}
