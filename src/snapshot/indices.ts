// The indices of a status. Names come from `indices` or `symbols` (a list, comma-separated text, or a map's keys), and
// then from `indices_detail` and `indices_info`: a name that only those have is appended, so that no index the status
// speaks of is lost in a mixture of writers. Values come from the same places, field by field.
import type { Status } from './reading.js'
import type { IndexRow } from './snapshot.js'
import { isSafeName, type JsonMap, list, map, member, number, type Reader, text } from './value.js'

/** Rows kept; further names are counted, not shown. */
export const MAX_INDICES = 2000

/** What one member of the status says about indices. */
type Roll = { readonly names: readonly string[]; readonly valuesOf: (name: string) => JsonMap | null }

const NO_VALUES = (): null => null

/** The name of an item of a list: the item itself, or its `name` or `symbol`; null when it has none. */
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
  const names = text(value)
  if (names !== null) return { names: rollOfList(names.split(',')).names, valuesOf: NO_VALUES }
  const byName = map(value)
  if (byName === null) return null
  return { names: Object.keys(byName).filter(isSafeName), valuesOf: name => map(member(byName, name)) }
}

/** The first of the sources' values of these keys (`dq.score_percent` is a member of a member), sources first. */
function first<T>(sources: readonly JsonMap[], read: Reader<T>, ...keys: readonly string[]): T | null {
  for (const source of sources) {
    for (const key of keys) {
      const dot = key.indexOf('.')
      const value =
        dot < 0 ? member(source, key) : member(map(member(source, key.slice(0, dot))), key.slice(dot + 1))
      const found = read(value)
      if (found !== null) return found
    }
  }
  return null
}

function row(name: string, sources: readonly JsonMap[]): IndexRow {
  return {
    name,
    ltp: first(sources, number, 'ltp'),
    changePct: first(sources, number, 'change_pct', 'change_percent', 'change'),
    status: first(sources, text, 'status')?.toLowerCase() ?? null,
    ageSec: first(sources, number, 'age', 'age_sec'),
    legs: first(sources, number, 'legs', 'current_cycle_legs'),
    dqPct: first(sources, number, 'dq.score_percent', 'dq_score'),
    dqIssues: first(sources, number, 'dq.issues_total', 'dq_issues'),
    successPct: first(sources, number, 'success_rate', 'success_percent'),
    options: first(sources, number, 'options'),
  }
}

/** The rows in the order of the status, at most `MAX_INDICES`, and how many names there are in all. */
export function indicesOf(
  status: Status,
  origins: Record<string, string>,
): { readonly rows: readonly IndexRow[]; readonly count: number } {
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
  if (gave.length > 0) origins.indices = gave.join(', ')
  const rows: IndexRow[] = []
  for (const name of names) {
    if (rows.length === MAX_INDICES) break
    const sources: JsonMap[] = []
    for (const source of [indices, detail, info]) {
      const values = source?.valuesOf(name) ?? null
      if (values !== null) sources.push(values)
    }
    rows.push(row(name, sources))
  }
  return { rows, count: names.size }
}
