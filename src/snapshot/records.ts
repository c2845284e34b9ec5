// The parts of a snapshot that are names with values: sinks, performance, health, links, max pain. Each is bounded, has
// no prototype, and keeps the order of the status.
import type { Status } from './reading.js'
import type { SinkValues } from './snapshot.js'
import { emptyRecord, isSafeName, list, map, member, number, type Reader, text } from './value.js'

/** Members kept of `sinks.<name>`, `performance`, `health`, `links`. */
const MAX_SINK_VALUES = 50
const MAX_METRICS = 200
const MAX_COMPONENTS = 200
const MAX_LINKS = 50
/** As many as there can be indices. */
const MAX_PAINS = 2000

/** The members of a map that are of the right type, the first `max` of them. */
function record<T>(value: unknown, read: Reader<T>, max: number): Record<string, T> {
  const kept = emptyRecord<T>()
  let count = 0
  for (const [name, given] of Object.entries(map(value) ?? {})) {
    const found = read(given)
    if (found === null || !isSafeName(name)) continue
    if (count++ === max) break
    kept[name] = found
  }
  return kept
}

function scalar(value: unknown): string | number | boolean | null {
  return typeof value === 'boolean' ? value : (number(value) ?? text(value))
}

/** The scalars of `sinks.<name>`, as given. */
export function sinkOf(status: Status, name: string, origins: Record<string, string>): SinkValues {
  const sink = map(member(map(member(status, 'sinks')), name))
  if (sink === null) return null
  origins[`storage.${name}`] = `sinks.${name}`
  return record(sink, scalar, MAX_SINK_VALUES)
}

const MORE_METRICS = ['options_per_minute', 'options_last_cycle', 'api_success_rate']

export function perfOf(status: Status, origins: Record<string, string>): Readonly<Record<string, number>> {
  const gave = map(member(status, 'performance')) === null ? [] : ['performance']
  const metrics = record(member(status, 'performance'), number, MAX_METRICS)
  for (const name of MORE_METRICS) {
    const value = number(member(status, name))
    if (value === null || name in metrics) continue
    metrics[name] = value
    gave.push(name)
  }
  if (gave.length > 0) origins.perf = gave.join(', ')
  return metrics
}

function stateWord(value: unknown): string | null {
  return text(value) ?? text(member(map(value), 'status'))
}

function healthOfList(items: readonly unknown[]): Record<string, string> {
  const states = emptyRecord<string>()
  let count = 0
  for (const item of items) {
    const name = text(member(map(item), 'name'))
    const state = text(member(map(item), 'status'))
    if (name === null || state === null || !isSafeName(name) || name in states) continue
    if (count++ === MAX_COMPONENTS) break
    states[name] = state
  }
  return states
}

/** By name as text or `{status}`, or a list of `{name, status}`; bare text is the state of `key` itself. */
function statesOf(key: string, value: unknown): Record<string, string> | null {
  const items = list(value)
  if (items !== null) return healthOfList(items)
  if (map(value) !== null) return record(value, stateWord, MAX_COMPONENTS)
  return text(value) === null ? null : record({ [key]: value }, text, 1)
}

/** The states of `health`, else of `components`. */
export function healthOf(status: Status, origins: Record<string, string>): Readonly<Record<string, string>> {
  for (const key of ['health', 'components']) {
    const states = statesOf(key, member(status, key))
    if (states === null) continue
    origins.health = key
    return states
  }
  return emptyRecord()
}

export function linksOf(status: Status, origins: Record<string, string>): Readonly<Record<string, string>> {
  const links = member(status, 'links')
  if (map(links) !== null) origins.links = 'links'
  return record(links, text, MAX_LINKS)
}

export function maxPainOf(status: Status, origins: Record<string, string>): Readonly<Record<string, number>> {
  const pains = member(map(member(status, 'analytics')), 'max_pain')
  if (map(pains) !== null) origins['analytics.maxPain'] = 'analytics.max_pain'
  return record(pains, number, MAX_PAINS)
}
