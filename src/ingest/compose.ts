// Several statuses as one. The first is the primary; `indices*` are united, alerts and events come one after the other with
// the source's name before the component, and everything else is taken from the first that has it. The indices of a
// source that is down are marked stale: what they show is the last that was known.
import { nameOfItem } from '../snapshot/indices.js'
import type { Status } from '../snapshot/reading.js'
import { isObject } from './json.js'

export type ComposedPart = {
  readonly name: string
  /** The last good one. */
  readonly status: Status
  /** The source gives nothing at the moment. */
  readonly down: boolean
}

const isIndices = (key: string): boolean => key.startsWith('indices')

type Named = readonly [name: string, said: unknown]

/** The indices of a list, a comma text or a map, in order, each with what is said of it: an empty map where there is nothing. */
function indicesIn(value: unknown): readonly Named[] {
  if (isObject(value)) return Object.entries(value)
  const items = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : []
  return items.flatMap((item): readonly Named[] => {
    const name = nameOfItem(item)
    return name === null ? [] : [[name, isObject(item) ? item : {}]]
  })
}

const namesIn = (value: unknown): readonly string[] => indicesIn(value).map(([name]) => name)

const saysMoreThanNames = (value: unknown): boolean =>
  isObject(value) || (Array.isArray(value) && value.some(isObject))

/** Maps by name, the first source's value for each; names alone become maps without values when mixed with others. */
function united(values: readonly unknown[]): unknown {
  if (!values.some(saysMoreThanNames)) return [...new Set(values.flatMap(namesIn))]
  const all: Record<string, unknown> = Object.create(null)
  for (const [name, said] of values.flatMap(indicesIn)) {
    if (!(name in all) || Object.keys(Object(all[name])).length === 0) all[name] = said
  }
  return { ...all }
}

function prefixed(name: string, item: unknown): unknown {
  if (!isObject(item)) return item
  const component = item.component ?? item.source
  return { ...item, component: typeof component === 'string' ? `${name}: ${component}` : name }
}

/** Lists one after the other; where there is no list, the counts of all added up. */
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

/** Numbers are added, maps member by member; otherwise the first stands. */
function added(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (!isObject(a) || !isObject(b)) return a
  const sums = Object.entries(b).map(([key, value]): [string, unknown] => [
    key,
    Object.hasOwn(a, key) ? added(a[key], value) : value,
  ])
  // Members are defined, never assigned: `__proto__` is a name like any other.
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
  // `indices` may say a status of its own, and is asked first.
  const marked = (said: unknown): unknown =>
    isObject(said) && 'status' in said ? { ...said, status: 'STALE' } : said
  const { indices } = status
  if (Array.isArray(indices)) return { ...status, indices: indices.map(marked), indices_detail: detail }
  if (!isObject(indices)) return { ...status, indices_detail: detail }
  const known = Object.fromEntries(Object.entries(indices).map(([name, said]) => [name, marked(said)]))
  return { ...status, indices: known, indices_detail: detail }
}

/** The status of all parts together. One part that is not down is given back as it is. */
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
