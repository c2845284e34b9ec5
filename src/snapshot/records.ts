// The parts of a snapshot that map names to values: sinks, performance, health, links, max pain. Each is bounded, has no prototype,
// and keeps the order of the status.
import type { Notes } from './notes.js'
import type { Status } from './reading.js'
import type { SinkValues } from './snapshot.js'
import { emptyRecord, isSafeName, keptName, list, map, member, number, type Reader, text } from './value.js'

/** Members kept of `sinks.<name>`, `performance`, `health`, `links`. */
const MAX_SINK_VALUES = 50
const MAX_METRICS = 200
const MAX_COMPONENTS = 200
const MAX_LINKS = 50

/** The first `max` members of a map that have the right type. */
function record<T>(
  value: unknown,
  read: Reader<T>,
  max: number,
  path: string,
  notes: Notes,
): Record<string, T> {
  const kept = emptyRecord<T>()
  let count = 0
  for (const [name, given] of Object.entries(map(value) ?? {})) {
    if (!isSafeName(name)) continue
    const found = read(given, notes.zone)
    if (found === null) notes.unread(`${path}.${name}`, given)
    if (found === null || found === undefined) continue
    if (count++ < max) kept[keptName(name)] = found
  }
  notes.omit(path, count - max)
  return kept
}

/** A scalar as given. Lists and maps are valid but not shown. */
function scalar(value: unknown): string | number | boolean | null | undefined {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return typeof value === 'boolean' ? value : undefined
}

/** The scalars of the first of these members of `sinks`, as given. */
export function sinkOf(status: Status, field: string, names: readonly string[], notes: Notes): SinkValues {
  for (const name of names) {
    const sink = map(member(map(member(status, 'sinks')), name))
    if (sink === null) continue
    const path = `sinks.${name}`
    notes.origins[`storage.${field}`] = path
    return record(sink, scalar, MAX_SINK_VALUES, path, notes)
  }
  return null
}

const MORE_METRICS = ['options_per_minute', 'options_last_cycle', 'api_success_rate']

/** Only numbers are shown; other values are not wrong. */
function metric(value: unknown): number | undefined {
  return number(value) ?? undefined
}

export function perfOf(status: Status, notes: Notes): Readonly<Record<string, number>> {
  const gave = map(member(status, 'performance')) === null ? [] : ['performance']
  const metrics = record(member(status, 'performance'), metric, MAX_METRICS, 'performance', notes)
  for (const name of MORE_METRICS) {
    const given = member(status, name)
    const value = number(given)
    if (value === null) notes.unread(name, given)
    if (value === null || name in metrics) continue
    metrics[name] = value
    gave.push(name)
  }
  if (gave.length > 0) notes.origins.perf = gave.join(', ')
  return metrics
}

/** A state, or a map that may have one. */
function stateWord(value: unknown): string | null | undefined {
  const state = map(value) === null ? value : member(map(value), 'status')
  return state === undefined || state === null ? undefined : text(state)
}

/** An address. Lists and maps of links are valid but not shown. */
function address(value: unknown): string | null | undefined {
  return typeof value === 'object' ? undefined : text(value)
}

function healthOfList(key: string, items: readonly unknown[], notes: Notes): Record<string, string> {
  const seen = new Set<string>()
  const states = emptyRecord<string>()
  for (const item of items) {
    const name = text(member(map(item), 'name'))
    const state = text(member(map(item), 'status'))
    if (name === null || state === null || !isSafeName(name) || seen.has(name)) continue
    if (seen.size < MAX_COMPONENTS) states[keptName(name)] = state
    seen.add(name)
  }
  notes.omit(key, seen.size - MAX_COMPONENTS)
  return states
}

/** A map of names to text or `{status}`, or a list of `{name, status}`; bare text is the state of `key` itself. */
function statesOf(key: string, value: unknown, notes: Notes): Record<string, string> | null {
  const items = list(value)
  if (items !== null) return healthOfList(key, items, notes)
  if (map(value) !== null) return record(value, stateWord, MAX_COMPONENTS, key, notes)
  return text(value) === null ? null : record({ [key]: value }, text, 1, key, notes)
}

/** The states of `health`, else of `components`. */
export function healthOf(status: Status, notes: Notes): Readonly<Record<string, string>> {
  for (const key of ['health', 'components']) {
    const states = statesOf(key, member(status, key), notes)
    if (states === null) continue
    notes.origins.health = key
    return states
  }
  return emptyRecord()
}

export function linksOf(status: Status, notes: Notes): Readonly<Record<string, string>> {
  const links = member(status, 'links')
  if (map(links) !== null) notes.origins.links = 'links'
  return record(links, address, MAX_LINKS, 'links', notes)
}
