// What a parsed expression means: each node becomes a closure that spends from the budget. The library's own evaluation is not used: it
// has no limits (measured: 22 repetitions of `[@,@][]` take 9 s and 4 million values) and reads inherited members.
import type { compile as parse } from '@jmespath-community/jmespath'
import { emptyRecord } from '../snapshot/value.js'
import { type Budget, EvaluationError } from './budget.js'
import { callFault, callFunction, FUNCTION_NAMES } from './functions.js'
import { isEqual, isFalsy, isObject, kindOf, memberReader, type Reference } from './json-value.js'
import { nearest } from './nearest.js'

export type Node = ReturnType<typeof parse>

/** What an expression is evaluated in. */
export type Scope = {
  readonly budget: Budget
  /** The whole document: `$`. */
  readonly document: unknown
  /** `@key`: the key of a map's row. One scope serves all rows, which set it in turn. */
  key: string | null
  /** Gets names that an object does not have. */
  readonly absent?: AbsentName[]
}

/** A name that an object does not have, and what it has instead. */
export type AbsentName = { readonly name: string; readonly names: readonly string[] }

export type Variables = Readonly<Record<string, unknown>>
export type Evaluate = (value: unknown, scope: Scope, variables: Variables) => unknown

/** What is kept of names that are not there. */
const MAX_ABSENT = 4
const MAX_NAMES = 200
/** The name that replaces `@key` in the parsed text. */
export const KEY_VARIABLE = 'g6_row_key'

/** What the text asks for cannot be evaluated; the message says why. */
export class CompileError extends Error {}

/** Throws a CompileError. `bound`: the variables that have a value here. */
export function compiled(node: Node, bound: ReadonlySet<string>): Evaluate {
  const make = (child: Node): Evaluate => compiled(child, bound)
  switch (node.type) {
    case 'Identity':
    case 'Current':
      return value => value
    case 'Root':
      return (_, { document }) => document
    case 'Literal': {
      const { value } = node
      return () => value
    }
    case 'Field':
      return memberAt([node.name])
    case 'Variable':
      return variable(node.name, bound)
    case 'LetExpression':
      return letExpression(node, bound)
    case 'Subexpression':
    case 'IndexExpression':
    case 'Pipe': {
      const names = namesIn(node)
      if (names !== null) return memberAt(names)
      const [left, right] = [make(node.left), make(node.right)]
      const stops = node.type !== 'Pipe'
      return (value, scope, variables) => {
        const found = left(value, scope, variables)
        return stops && found === null ? null : right(found, scope, variables)
      }
    }
    case 'Index': {
      const { value: at } = node
      return value => (Array.isArray(value) ? (value.at(at) ?? null) : null)
    }
    case 'Slice':
      return slicer(node)
    case 'Projection': {
      const [left, right] = [make(node.left), make(node.right)]
      if (node.left.type === 'Flatten') return flatProjection(make(node.left.child), right)
      const isSlice = node.left.type === 'IndexExpression' && node.left.right.type === 'Slice'
      return (value, scope, variables) => {
        const base = left(value, scope, variables)
        if (isSlice && typeof base === 'string') return right(base, scope, variables)
        return Array.isArray(base) ? projected(base, right, scope, variables) : null
      }
    }
    case 'ValueProjection': {
      const [left, right] = [make(node.left), make(node.right)]
      return (value, scope, variables) => {
        const base = left(value, scope, variables)
        return isObject(base) ? projected(scope.budget.valuesOf(base), right, scope, variables) : null
      }
    }
    case 'FilterProjection': {
      const [left, right, condition] = [make(node.left), make(node.right), make(node.condition)]
      return (value, scope, variables) => {
        const base = left(value, scope, variables)
        if (!Array.isArray(base)) return null
        scope.budget.spend(base.length)
        const made: unknown[] = []
        for (const item of base) {
          if (isFalsy(condition(item, scope, variables))) continue
          scope.budget.spend(1)
          const found = right(item, scope, variables)
          if (found !== null) made.push(found)
        }
        return made
      }
    }
    case 'Flatten':
      return flattened(make(node.child))
    case 'MultiSelectList': {
      const children = node.children.map(make)
      return (value, scope, variables) => {
        scope.budget.spend(children.length)
        return children.map(child => child(value, scope, variables))
      }
    }
    case 'MultiSelectHash': {
      const children = node.children.map(({ name, value }) => [name, make(value)] as const)
      return (value, scope, variables) => {
        scope.budget.spend(children.length)
        const made = emptyRecord<unknown>()
        for (const [name, child] of children) made[name] = child(value, scope, variables)
        return made
      }
    }
    case 'OrExpression': {
      const [left, right] = [make(node.left), make(node.right)]
      return (value, scope, variables) => {
        const first = left(value, scope, variables)
        return isFalsy(first) ? right(value, scope, variables) : first
      }
    }
    case 'AndExpression': {
      const [left, right] = [make(node.left), make(node.right)]
      return (value, scope, variables) => {
        const first = left(value, scope, variables)
        return isFalsy(first) ? first : right(value, scope, variables)
      }
    }
    case 'NotExpression': {
      const child = make(node.child)
      return (value, scope, variables) => isFalsy(child(value, scope, variables))
    }
    case 'Ternary': {
      const [condition, yes, no] = [make(node.condition), make(node.trueExpr), make(node.falseExpr)]
      return (value, scope, variables) =>
        (isFalsy(condition(value, scope, variables)) ? no : yes)(value, scope, variables)
    }
    case 'Comparator':
      return comparator(node.name, make(node.left), make(node.right))
    case 'Arithmetic':
      return arithmetic(node.operator, make(node.left), make(node.right))
    case 'Unary': {
      const operand = make(node.operand)
      const sign = node.operator === 'Minus' ? -1 : 1
      return (value, scope, variables) => {
        const found = numberOf(operand(value, scope, variables), node.operator === 'Minus' ? '-' : '+')
        return found === null ? null : sign * found
      }
    }
    case 'ExpressionReference': {
      const child = make(node.child)
      return (_, scope, variables): Reference =>
        value =>
          child(value, scope, variables) ?? null
    }
    case 'Function': {
      const { name } = node
      const fault = callFault(name, node.children.length)
      if (fault !== null) {
        const meant = nearest(name, FUNCTION_NAMES)
        const isUnknown = !FUNCTION_NAMES.includes(name)
        throw new CompileError(isUnknown && meant !== null ? `${fault}; did you mean ${meant}()?` : fault)
      }
      const args = node.children.map(make)
      return (value, scope, variables) =>
        callFunction(
          name,
          args.map(arg => arg(value, scope, variables)),
          scope.budget,
        )
    }
    default:
      // A binding outside of `let`: `a = b`.
      throw new CompileError('"=" does not compare; write "=="')
  }
}

/** The names of `a.b.c`; null for anything else. */
function namesIn(node: Node): readonly string[] | null {
  if (node.type === 'Field') return [node.name]
  if (node.type !== 'Subexpression') return null
  const [left, right] = [namesIn(node.left), namesIn(node.right)]
  return left === null || right === null ? null : [...left, ...right]
}

/** What most expressions are, and what tables ask of every row: a loop, not a call for each name. */
function memberAt(names: readonly string[]): Evaluate {
  const readers = names.map(memberReader)
  const { length } = readers
  const [first] = readers
  if (first !== undefined && length === 1)
    return (value, { budget, absent }) => {
      budget.spend(1)
      return absent === undefined ? first(value) : readNoting(absent, readers, names, value)
    }
  return (value, { budget, absent }) => {
    budget.spend(length)
    if (absent !== undefined) return readNoting(absent, readers, names, value)
    let at = value
    for (let i = 0; i < length && at !== null; i++) at = readers[i]?.(at) ?? null
    return at
  }
}

function readNoting(
  absent: AbsentName[],
  readers: readonly ((value: unknown) => unknown)[],
  names: readonly string[],
  value: unknown,
): unknown {
  let at = value
  for (const [i, read] of readers.entries()) {
    noteAbsent(absent, at, names[i] ?? '')
    at = read(at)
    if (at === null) return null
  }
  return at
}

function noteAbsent(absent: AbsentName[], value: unknown, name: string): void {
  if (absent.length < MAX_ABSENT && isObject(value) && !Object.hasOwn(value, name))
    absent.push({ name, names: Object.keys(value).slice(0, MAX_NAMES) })
}

function variable(name: string, bound: ReadonlySet<string>): Evaluate {
  if (name === KEY_VARIABLE) return (_, { key }) => key
  if (!bound.has(name)) throw new CompileError(`$${name} has no value; "let $${name} = … in …" gives it one`)
  return (_, __, variables) => variables[name] ?? null
}

function letExpression(
  node: Extract<Node, { readonly type: 'LetExpression' }>,
  bound: ReadonlySet<string>,
): Evaluate {
  // The parser takes any expression where a binding belongs.
  for (const binding of node.bindings)
    if (binding.type !== 'Binding') throw new CompileError('"let" needs "$name = expression"')
  const bindings = node.bindings.map(
    ({ variable: name, reference }) => [name, compiled(reference, bound)] as const,
  )
  const body = compiled(node.expression, new Set([...bound, ...bindings.map(([name]) => name)]))
  return (value, scope, variables) => {
    scope.budget.spend(bindings.length)
    const inner = Object.assign(emptyRecord<unknown>(), variables)
    for (const [name, make] of bindings) inner[name] = make(value, scope, variables)
    return body(value, scope, inner)
  }
}

function flattened(child: Evaluate): Evaluate {
  return (value, scope, variables) => {
    const base = child(value, scope, variables)
    if (!Array.isArray(base)) return null
    const items: unknown[] = []
    for (const item of base) {
      scope.budget.spend(1 + (Array.isArray(item) ? item.length : 0))
      if (Array.isArray(item)) for (const inner of item) items.push(inner)
      else items.push(item)
    }
    return items
  }
}

/** `items[].name` without the list between: it would be as long as the document's. */
function flatProjection(child: Evaluate, right: Evaluate): Evaluate {
  return (value, scope, variables) => {
    const base = child(value, scope, variables)
    if (!Array.isArray(base)) return null
    const made: unknown[] = []
    for (let at = 0; at < base.length; at++) {
      const item: unknown = base[at]
      if (Array.isArray(item)) {
        scope.budget.spend(1)
        for (const found of projected(item, right, scope, variables)) made.push(found)
        continue
      }
      scope.budget.spend(2)
      const found = right(item, scope, variables)
      if (found !== null) made.push(found)
    }
    return made
  }
}

function projected(
  items: readonly unknown[],
  right: Evaluate,
  scope: Scope,
  variables: Variables,
): unknown[] {
  scope.budget.spend(items.length)
  const made: unknown[] = []
  for (const item of items) {
    const found = right(item, scope, variables)
    if (found !== null) made.push(found)
  }
  return made
}

function slicer({ start, stop, step }: Extract<Node, { readonly type: 'Slice' }>): Evaluate {
  const by = step ?? 1
  if (by === 0) throw new CompileError('the step of a slice is not 0')
  const within = (at: number, length: number): number =>
    Math.min(Math.max(at < 0 ? at + length : at, by < 0 ? -1 : 0), by < 0 ? length - 1 : length)
  return (value, { budget }) => {
    if (!Array.isArray(value) && typeof value !== 'string') return null
    budget.spend(value.length)
    const items: readonly unknown[] = typeof value === 'string' ? [...value] : value
    const { length } = items
    const from = start === null ? (by < 0 ? length - 1 : 0) : within(start, length)
    const to = stop === null ? (by < 0 ? -1 : length) : within(stop, length)
    const taken: unknown[] = []
    for (let at = from; by > 0 ? at < to : at > to; at += by) taken.push(items[at] ?? null)
    return typeof value === 'string' ? taken.join('') : taken
  }
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  GT: (a, b) => a > b,
  GTE: (a, b) => a >= b,
  LT: (a, b) => a < b,
  LTE: (a, b) => a <= b,
}

function comparator(name: string, left: Evaluate, right: Evaluate): Evaluate {
  const compare = COMPARISONS[name]
  if (compare !== undefined)
    return (value, scope, variables) => {
      const a = left(value, scope, variables)
      const b = right(value, scope, variables)
      return typeof a === 'number' && typeof b === 'number' ? compare(a, b) : null
    }
  const wanted = name === 'EQ'
  return (value, scope, variables) =>
    isEqual(left(value, scope, variables), right(value, scope, variables), scope.budget) === wanted
}

function numberOf(value: unknown, sign: string): number | null {
  if (value === null || typeof value === 'number') return value
  throw new EvaluationError(`"${sign}" needs numbers, not ${kindOf(value)}`)
}

type Operation = { readonly sign: string; readonly of: (a: number, b: number) => number }

const OPERATIONS: Readonly<Record<string, Operation>> = {
  Plus: { sign: '+', of: (a, b) => a + b },
  Minus: { sign: '-', of: (a, b) => a - b },
  Multiply: { sign: '*', of: (a, b) => a * b },
  Star: { sign: '*', of: (a, b) => a * b },
  Divide: { sign: '/', of: (a, b) => a / b },
  Modulo: { sign: '%', of: (a, b) => a % b },
  Div: { sign: '//', of: (a, b) => Math.floor(a / b) },
}

function arithmetic(operator: string, left: Evaluate, right: Evaluate): Evaluate {
  const operation = OPERATIONS[operator]
  if (operation === undefined) throw new CompileError(`there is no operator "${operator}"`)
  const { sign, of } = operation
  return (value, scope, variables) => {
    scope.budget.spend(1)
    const a = numberOf(left(value, scope, variables), sign)
    const b = numberOf(right(value, scope, variables), sign)
    if (a === null || b === null) return null
    const result = of(a, b)
    // Divided by 0.
    return Number.isFinite(result) ? result : null
  }
}
