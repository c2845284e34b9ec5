// Several statuses as one. The first is the primary; `indices*` are united, alerts and events come one after the other with
// the source's name before the component, and everything else is taken from the first that has it. The indices of a
// source that is down are marked stale: what they show is the last that was known.
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

/** Names of a list, a comma text or a map of indices, in order. */
function namesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(',').map(name => name.trim())
  if (Array.isArray(value)) return value.filter((name): name is string => typeof name === 'string')
  return isObject(value) ? Object.keys(value) : []
}

/** Maps by name, the first source's value for each; lists and texts become maps without values when mixed with maps. */
function united(values: readonly unknown[]): unknown {
  if (!values.some(isObject)) return [...new Set(values.flatMap(namesOf))]
  const all: Record<string, unknown> = Object.create(null)
  for (const value of values) {
    for (const name of namesOf(value)) {
      if (!(name in all) || (isObject(value) && Object.keys(Object(all[name])).length === 0)) {
        all[name] = isObject(value) ? value[name] : {}
      }
    }
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
  const names = new Set(keys.flatMap(key => namesOf(status[key])))
  const held = isObject(status.indices_detail) ? status.indices_detail : {}
  const detail = Object.fromEntries(
    [...names].map(name => {
      const known = held[name]
      return [name, { ...(isObject(known) ? known : {}), status: 'STALE' }]
    }),
  )
  // The map `indices` may say a status of its own, and is asked first.
  const indices = isObject(status.indices)
    ? Object.fromEntries(
        Object.entries(status.indices).map(([name, value]) => [
          name,
          isObject(value) && 'status' in value ? { ...value, status: 'STALE' } : value,
        ]),
      )
    : status.indices
  return { ...status, ...(indices === undefined ? {} : { indices }), indices_detail: detail }
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
