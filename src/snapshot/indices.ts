// The indices of a status. Names come from `indices` or `symbols` (a list, comma-separated text, or a map's keys); names that only
// `indices_detail` or `indices_info` have are appended, so that a mixture of writers loses no index. Values come from the same
// members, field by field.
import { type Legs, legs, sumOfExpiries } from './legs.js'
import type { Notes } from './notes.js'
import { percent, percentOf, type Rate, rate, type Scale, scaleOf } from './rate.js'
import type { Status } from './reading.js'
import type { IndexRow } from './snapshot.js'
import { isSafeName, type JsonMap, keptName, list, map, member, number, type Reader, text } from './value.js'

/** Rows kept, more than a person looks at; further names are only counted. */
export const MAX_INDICES = 1_000

/** The values that one member of the status has for indices. */
type Roll = { readonly names: readonly string[]; readonly valuesOf: (name: string) => JsonMap | null }

const NO_VALUES = (): null => null

/** The name of a list item: the item itself, or its `name` or `symbol`; null when it has none. */
export function nameOfItem(item: unknown): string | null {
  const values = map(item)
  return text(item) ?? text(member(values, 'name')) ?? text(member(values, 'symbol'))
}

function rollOfList(items: readonly unknown[]): Roll {
  const names: string[] = []
  const byName = new Map<string, JsonMap>()
  for (const item of items) {
    const values = map(item)
    const name = nameOfItem(item)
    if (name === null || !isSafeName(name)) continue
    names.push(name)
    if (values !== null && !byName.has(name)) byName.set(name, values)
  }
  return { names, valuesOf: name => byName.get(name) ?? null }
}

/** A list of names or of objects with a name, comma-separated names, or a map by name; null when it is none of these. */
function roll(value: unknown): Roll | null {
  const items = list(value)
  if (items !== null) return rollOfList(items)
  if (typeof value === 'string' && value.trim() !== '')
    return { names: rollOfList(value.split(',')).names, valuesOf: NO_VALUES }
  const byName = map(value)
  if (byName === null) return null
  return { names: Object.keys(byName).filter(isSafeName), valuesOf: name => map(member(byName, name)) }
}

/** The values that one member of the status has for one index, and their path. */
type Source = { readonly path: string; readonly values: JsonMap }

/** The first value of these keys (`dq.score_percent` is a nested member), in the order of the sources. */
function first<T>(
  sources: readonly Source[],
  notes: Notes,
  read: Reader<T>,
  ...keys: readonly string[]
): T | null {
  for (const { path, values } of sources) {
    for (const key of keys) {
      const dot = key.indexOf('.')
      const value =
        dot < 0 ? member(values, key) : member(map(member(values, key.slice(0, dot))), key.slice(dot + 1))
      if (value === undefined || value === null) continue
      const found = read(value, notes.zone)
      if (found !== null && found !== undefined) return found
      if (found === null) notes.unread(`${path}.${key}`, value)
    }
  }
  return null
}

/** The first source whose expiries give a sum. */
function summed(sources: readonly Source[], name: 'legs' | 'fails'): number | null {
  for (const { values } of sources) {
    const sum = sumOfExpiries(values, name)
    if (sum !== null) return sum
  }
  return null
}

/** A row with its raw success rate: the unit depends on all rows. */
type RowRead = {
  readonly row: { -readonly [Key in keyof IndexRow]: IndexRow[Key] }
  readonly success: Rate | null
}

const stateOf = (word: string | null): string | null => (word === null ? null : keptName(word.toLowerCase()))

function rowOf(name: string, sources: readonly Source[], cycle: number | null, notes: Notes): RowRead {
  const take = (...keys: readonly string[]): number | null => first(sources, notes, number, ...keys)
  // In the order of the columns, so that the first value of a wrong type is an important one.
  const ltp = take('ltp')
  const given: Legs | null = first(sources, notes, legs, 'legs', 'current_cycle_legs')
  const legsTotal = take('legs_total', 'cumulative_legs')
  const reckoned = legsTotal !== null && cycle !== null && cycle >= 1 ? Math.round(legsTotal / cycle) : null
  const row: RowRead['row'] = {
    name: keptName(name),
    ltp,
    changePct: take('change_pct', 'change_percent', 'change'),
    status: stateOf(first(sources, notes, text, 'status')),
    ageSec: take('age', 'age_sec'),
    legs: given?.now ?? summed(sources, 'legs'),
    legsAverage: given?.average ?? reckoned,
    fails: take('fails') ?? summed(sources, 'fails'),
    dqPct: take('dq.score_percent', 'dq_score'),
    dqIssues: take('dq.issues_total', 'dq_issues'),
    successPct: null,
    options: take('options'),
  }
  const success =
    first<Rate>(sources, notes, rate, 'success_rate') ??
    first<Rate>(sources, notes, percent, 'success_percent', 'success_rate_percent', 'success_rate_pct')
  return { row, success }
}

export type Indices = {
  readonly rows: readonly IndexRow[]
  /** The number of all names. */
  readonly count: number
  /** The unit of the indices' success rates. */
  readonly scale: Scale
}

/** The rows in the order of the status, at most `MAX_INDICES`. `cycle` is the number of the collector's cycle. */
export function indicesOf(status: Status, cycle: number | null, notes: Notes): Indices {
  const indices = roll(member(status, 'indices'))
  const detail = roll(member(status, 'indices_detail'))
  const info = roll(member(status, 'indices_info'))
  const named = {
    [indices === null ? 'symbols' : 'indices']: indices ?? roll(member(status, 'symbols')),
    indices_detail: detail,
    indices_info: info,
  }
  const names = new Set<string>()
  const gave: string[] = []
  for (const [path, source] of Object.entries(named)) {
    const before = names.size
    for (const name of source?.names ?? []) names.add(name)
    if (names.size > before) gave.push(path)
  }
  if (gave.length > 0) notes.origins.indices = gave.join(', ')
  const rolls = [
    { path: 'indices', roll: indices },
    { path: 'indices_detail', roll: detail },
    { path: 'indices_info', roll: info },
  ]
  const read: RowRead[] = []
  for (const name of names) {
    if (read.length === MAX_INDICES) break
    const sources: Source[] = []
    for (const { path, roll } of rolls) {
      const values = roll?.valuesOf(name) ?? null
      if (values !== null) sources.push({ path: `${path}.${name}`, values })
    }
    read.push(rowOf(name, sources, cycle, notes))
  }
  notes.omit('indices', names.size - read.length)
  const scale = scaleOf(read.map(({ success }) => success))
  for (const { row, success } of read) row.successPct = percentOf(success, scale)
  return { rows: read.map(({ row }) => row), count: names.size, scale }
}
