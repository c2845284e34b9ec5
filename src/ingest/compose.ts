// Composes several statuses into one. `indices*` are united, alerts and events are concatenated with the source's name before
// the component, and every other member comes from the first status that has it. The indices of a source that is down keep
// their last values and are marked stale.
import { nameOfItem } from '../snapshot/indices.js'
import type { Status } from '../snapshot/reading.js'
import { isObject } from './json.js'

export type ComposedPart = {
  readonly name: string
  /** The last good one. */
  readonly status: Status
  /** The source does not deliver at the moment. */
  readonly down: boolean
}

const isIndices = (key: string): boolean => key.startsWith('indices')

type Named = readonly [name: string, value: unknown]

/** The indices of a list, a comma-separated text or a map, in order, each with its value; an empty map for a bare name. */
function indicesIn(value: unknown): readonly Named[] {
  if (isObject(value)) return Object.entries(value)
  const items = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : []
  return items.flatMap((item): readonly Named[] => {
    const name = nameOfItem(item)
    return name === null ? [] : [[name, isObject(item) ? item : {}]]
  })
}

const namesIn = (value: unknown): readonly string[] => indicesIn(value).map(([name]) => name)

const hasValues = (value: unknown): boolean =>
  isObject(value) || (Array.isArray(value) && value.some(isObject))

/** A map with the first source's value of each index; a list of names when no source has values. */
function united(values: readonly unknown[]): unknown {
  if (!values.some(hasValues)) return [...new Set(values.flatMap(namesIn))]
  const all: Record<string, unknown> = Object.create(null)
  for (const [name, value] of values.flatMap(indicesIn)) {
    if (!(name in all) || Object.keys(Object(all[name])).length === 0) all[name] = value
  }
  return { ...all }
}

function prefixed(name: string, item: unknown): unknown {
  if (!isObject(item)) return item
  const component = item.component ?? item.source
  return { ...item, component: typeof component === 'string' ? `${name}: ${component}` : name }
}

/** The lists concatenated; without any list, the sum of the counts. */
function alertsOf(key: string, parts: readonly ComposedPart[]): unknown {
  const having = parts.filter(({ status }) => Object.hasOwn(status, key))
  const lists = having.filter(({ status }) => Array.isArray(status[key]))
  if (lists.length > 0) {
    return lists.flatMap(({ name, status }) =>
      (status[key] as readonly unknown[]).map(item => prefixed(name, item)),
    )
  }
  return having.map(({ status }) => status[key]).reduce(added)
}

/** Adds numbers, and maps member by member; otherwise keeps `a`. */
function added(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (!isObject(a) || !isObject(b)) return a
  const sums = Object.entries(b).map(([key, value]): [string, unknown] => [
    key,
    Object.hasOwn(a, key) ? added(a[key], value) : value,
  ])
  // fromEntries defines members; an assignment to `__proto__` would set the prototype.
  return { ...a, ...Object.fromEntries(sums) }
}

function markStale({ status }: ComposedPart): Status {
  const keys = Object.keys(status).filter(isIndices)
  const names = new Set(keys.flatMap(key => namesIn(status[key])))
  const held = isObject(status.indices_detail) ? status.indices_detail : {}
  const detail = Object.fromEntries(
    [...names].map(name => {
      const known = held[name]
      return [name, { ...(isObject(known) ? known : {}), status: 'STALE' }]
    }),
  )
  // A status in `indices` has precedence over `indices_detail`.
  const marked = (value: unknown): unknown =>
    isObject(value) && 'status' in value ? { ...value, status: 'STALE' } : value
  const { indices } = status
  if (Array.isArray(indices)) return { ...status, indices: indices.map(marked), indices_detail: detail }
  if (!isObject(indices)) return { ...status, indices_detail: detail }
  const known = Object.fromEntries(Object.entries(indices).map(([name, value]) => [name, marked(value)]))
  return { ...status, indices: known, indices_detail: detail }
}

/** The status of all parts together; a single part that is not down is returned as it is. */
export function compose(parts: readonly ComposedPart[]): Status {
  const [only, ...more] = parts
  if (only !== undefined && more.length === 0 && !only.down) return only.status
  const marked = parts.map(part => (part.down ? { ...part, status: markStale(part) } : part))
  const keys = new Set(marked.flatMap(({ status }) => Object.keys(status)))
  const entries = [...keys].map((key): [string, unknown] => {
    const values = marked.filter(({ status }) => Object.hasOwn(status, key)).map(({ status }) => status[key])
    if (isIndices(key)) return [key, united(values)]
    if (key === 'alerts' || key === 'events') return [key, alertsOf(key, marked)]
    return [key, values[0]]
  })
  return Object.fromEntries(entries)
}
