// The values of a row at any depth, under paths that hold for all rows of a table: `status.phase`, `conditions.Ready`,
// `containerStatuses.*.state`. `*` matches every element of a list, and every member of a map whose keys are data.
import { isObject } from '../ingest/json.js'
import { knownTone } from '../panels/state-words.js'
import type { JsonMap } from '../snapshot/value.js'
import { ANY, isDataKey, isSecret, namesAHistory, stateName } from './names.js'

export type Path = readonly string[]

/** Members of a row are looked at to this depth, elements of a list in it up to this many. */
const MAX_DEPTH = 4
const MAX_ELEMENTS = 16
/** Different paths of a table. */
const MAX_PATHS = 400

/** Never part of a name that is shown, so that two paths never look the same. */
export const pathKey = (path: Path): string => path.join('\u0000')

const isScalar = (value: unknown): boolean => typeof value !== 'object'

/** `{ "waiting": { "reason": "CrashLoopBackOff" } }` → `waiting: CrashLoopBackOff`; null for any other object. */
export function stateOfObject(name: string, value: JsonMap): string | null {
  const keys = Object.keys(value)
  const [key] = keys
  if (key === undefined || keys.length > 1 || stateName(name) === null) return null
  const inner = value[key]
  if (!isObject(inner)) return null
  const { reason } = inner
  if (typeof reason === 'string' && reason !== '') return `${key}: ${reason}`
  return knownTone(key) === null ? null : key
}

/** Kubernetes: a list of `{ type, status }` with one of each type. */
function conditionType(element: unknown): string | null {
  if (!isObject(element)) return null
  const { type, status } = element
  return typeof type === 'string' && typeof status === 'string' && isConditionWord(status) ? type : null
}

/** As Kubernetes writes them first; a table asks this of every row. */
function isConditionWord(status: string): boolean {
  return (
    status === 'True' ||
    status === 'False' ||
    status === 'Unknown' ||
    /^(?:true|false|unknown)$/i.test(status)
  )
}

const isConditions = (list: readonly unknown[]): boolean =>
  list.every(element => conditionType(element) !== null)

export type Condition = { readonly type: string; readonly status: string; readonly why: string }

/** The conditions of an object; null for any other list. */
export function conditionsOf(list: readonly unknown[]): readonly Condition[] | null {
  const found = list.slice(0, MAX_ELEMENTS).flatMap((element): Condition[] => {
    const type = conditionType(element)
    if (type === null || !isObject(element)) return []
    const { status, reason, message } = element
    const why = [reason, message].filter(text => typeof text === 'string' && text !== '').join(', ')
    return [{ type, status: String(status), why }]
  })
  const isWhole = found.length > 0 && isConditions(list)
  return isWhole && new Set(found.map(({ type }) => type)).size === found.length ? found : null
}

/** A map whose keys are data, such as addresses. */
export function isDataMap(value: JsonMap): boolean {
  const keys = Object.keys(value)
  return keys.length > 0 && keys.every(isDataKey)
}

export class Leaves {
  readonly paths = new Map<string, Path>()
  /** Members that look like secrets, by path. */
  readonly secrets = new Set<string>()
  /** There are more paths than are looked at. */
  isCut = false

  /** Adds the paths of a row. */
  add(row: JsonMap): void {
    this.#members(row, [], 0)
  }

  #members(value: JsonMap, path: Path, depth: number): void {
    for (const key of Object.keys(value)) {
      const member = value[key]
      if (member === null || member === '') continue
      const at = [...path, key]
      if (isSecret(key, member)) this.secrets.add(pathKey(at))
      else if (isScalar(member)) this.#leaf(at)
      else if (Array.isArray(member)) this.#list(key, member, at, depth)
      else if (isObject(member)) this.#map(key, member, at, depth)
    }
  }

  #map(key: string, value: JsonMap, at: Path, depth: number): void {
    if (depth + 1 >= MAX_DEPTH) return
    if (stateOfObject(key, value) !== null) this.#leaf(at)
    else if (isDataMap(value)) this.#each(Object.values(value), [...at, ANY], depth + 1)
    else this.#members(value, at, depth + 1)
  }

  #list(key: string, list: readonly unknown[], at: Path, depth: number): void {
    const [first] = list
    if (first === undefined || namesAHistory(key)) return
    if (isScalar(first)) this.#leaf(at)
    else if (isConditions(list)) {
      for (const element of list.slice(0, MAX_ELEMENTS)) {
        const type = conditionType(element)
        if (type !== null) this.#leaf([...at, type])
      }
    } else if (depth + 1 < MAX_DEPTH) this.#each(list, [...at, ANY], depth + 1)
  }

  #each(values: readonly unknown[], at: Path, depth: number): void {
    for (const value of values.slice(0, MAX_ELEMENTS)) {
      if (isScalar(value)) this.#leaf(at)
      else if (isObject(value) && isDataMap(value)) this.#each(Object.values(value), [...at, ANY], depth + 1)
      else if (isObject(value)) this.#members(value, at, depth)
    }
  }

  #leaf(path: Path): void {
    const key = pathKey(path)
    if (this.paths.has(key)) return
    if (this.paths.size === MAX_PATHS) this.isCut = true
    else this.paths.set(key, path)
  }
}

function conditionAt(list: readonly unknown[], type: string): unknown {
  for (const element of list)
    if (isObject(element) && element.type === type && conditionType(element) !== null) return element.status
  return undefined
}

/** An own member. JSON has no functions: what is one, or the prototype itself, is inherited. */
function memberOf(value: JsonMap, name: string): unknown {
  const found = value[name]
  return typeof found === 'function' || found === Object.prototype ? undefined : found
}

/** A leaf as it is judged and shown; undefined where there is none. */
function leafOf(name: string, value: unknown): unknown {
  if (value === null || value === '') return undefined
  if (isObject(value)) return stateOfObject(name, value) ?? undefined
  return value
}

/** Values that are found, one after another. Its list keeps its memory, so that the next row needs no other. */
export class Found {
  readonly values: unknown[] = []
  count = 0

  add(value: unknown): void {
    this.values[this.count++] = value
  }
}

function collect(value: unknown, path: Path, from: number, into: Found): void {
  if (into.count >= MAX_ELEMENTS * MAX_ELEMENTS) return
  let at = value
  for (let i = from; i < path.length; i++) {
    const name = path[i] ?? ''
    if (name === ANY) {
      const inner = Array.isArray(at) ? at : isObject(at) ? Object.values(at) : []
      for (const element of inner) collect(element, path, i + 1, into)
      return
    }
    if (Array.isArray(at)) at = conditionAt(at, name)
    else if (isObject(at)) at = memberOf(at, name)
    else return
  }
  const leaf = leafOf(path[path.length - 1] ?? '', at)
  if (leaf !== undefined) into.add(leaf)
}

/** All values at a path of a row, instead of those that were found before. */
export function findLeaves(row: JsonMap, path: Path, into: Found): void {
  into.count = 0
  collect(row, path, 0, into)
}

/** All values at a path of a row. */
export function leavesAt(row: JsonMap, path: Path): readonly unknown[] {
  const found = new Found()
  collect(row, path, 0, found)
  return found.values
}
