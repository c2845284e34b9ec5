// JSON values as expressions see them. Members are own members: `constructor` and `__proto__` are names like others.
import { type Budget, EvaluationError, MAX_CHARS } from './budget.js'

export type JsonObject = Readonly<Record<string, unknown>>

/** `&expression` as an argument: a value of expressions only, never part of a result. */
export class Reference {
  constructor(readonly of: (value: unknown) => unknown) {}
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Reference)
}

export function own(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null
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
  if (value instanceof Reference) return 'an expression'
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
  let chars = 0
  const add = (more: number): void => {
    chars += more
    if (chars > MAX_CHARS) throw new EvaluationError('its result is larger than 1 MiB')
  }
  const visit = (each: unknown): void => {
    budget.spend(1)
    if (typeof each === 'string') add(each.length + 2)
    else if (Array.isArray(each)) {
      add(2)
      for (const item of each) visit(item)
    } else if (isObject(each)) {
      add(2)
      for (const [name, member] of Object.entries(each)) {
        add(name.length + 4)
        visit(member)
      }
    } else if (
      each === null ||
      typeof each === 'boolean' ||
      (typeof each === 'number' && Number.isFinite(each))
    ) {
      add(5)
    } else throw new EvaluationError(`its result is ${kindOf(each)} that JSON does not have`)
  }
  visit(value)
  return chars
}
