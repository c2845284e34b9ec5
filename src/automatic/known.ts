// Whether the known panels are for this document. They read members by name, and other programs use some of the same names for other
// things (`indices`, `components`, `memory`), so it counts how much of the document they read.
import { OWN_WORDS } from '../panels/verdict.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { type JsonMap, list, map, member } from '../snapshot/value.js'
import { setOf } from './names.js'

/** Members that only this platform writes: one that is read is enough. */
const OWN_MEMBERS = setOf(
  'market market_open equity_market_open next_market_open loop cycle last_cycle last_cycle_start last_cycle_duration analytics sinks indices_detail indices_info adaptive adaptive_backlog_ratio options_per_minute options_last_cycle',
)
/** Members that any program may have; they say nothing about which it is. */
const COMMON = setOf(
  'app version name title config links timestamp ts time updated_at generated_at uptime uptime_sec env',
)
/** What the known panels read of an index. */
const OF_INDEX = setOf(
  'name symbol ltp change_pct change_percent change status age age_sec legs current_cycle_legs legs_total cumulative_legs fails dq dq_score dq_issues options success_rate success_percent success_rate_percent success_rate_pct expiries',
)
const ONLY_OF_INDEX = setOf('ltp legs current_cycle_legs dq dq_score legs_total')
const OF_COMPONENT = setOf('name status')
const OF_ALERT = setOf('time timestamp ts level severity component source message')
/** Less than this, and too much of the document would be hidden. */
const MOSTLY = 0.8
/** Elements of a list or map that are looked at. */
const SAMPLE = 20

/** Cached by path; a full cache is emptied. A snapshot has the same few dozen paths every time. */
const MAX_KEPT = 1_024
const kept = new Map<string, readonly string[]>()

/** The members of the top level in `loop.cycle, cycle`. */
function membersIn(paths: string): readonly string[] {
  const known = kept.get(paths)
  if (known !== undefined) return known
  if (kept.size === MAX_KEPT) kept.clear()
  const made = paths.split(', ').map(path => path.split('.')[0] ?? '')
  kept.set(paths, made)
  return made
}

/** The members of the top level that the known panels read. */
export function readMembers({ origins }: Pick<Snapshot, 'origins'>): ReadonlySet<string> {
  const read = new Set<string>()
  for (const paths of Object.values(origins)) for (const name of membersIn(paths)) read.add(name)
  return read
}

function sampleOf(value: unknown): readonly unknown[] {
  const items = list(value)
  if (items !== null) return items.slice(0, SAMPLE)
  const members = map(value)
  return members === null
    ? []
    : Object.keys(members)
        .slice(0, SAMPLE)
        .map(key => members[key])
}

/** The share of the members of these objects that have one of the names; 1 for texts and where there is nothing. */
function shareNamed(values: readonly unknown[], names: ReadonlySet<string>): number {
  let [count, known] = [0, 0]
  for (const value of values) {
    const of = map(value)
    if (of === null) continue
    for (const name of Object.keys(of)) {
      count++
      if (names.has(name)) known++
    }
  }
  return count === 0 ? 1 : known / count
}

const hasAny = (values: readonly unknown[], names: ReadonlySet<string>): boolean =>
  values.some(value => Object.keys(map(value) ?? {}).some(name => names.has(name)))

const isText = (value: unknown): boolean => typeof value === 'string'

function isOwnList(name: string, value: unknown): boolean {
  const sample = sampleOf(value)
  if (name === 'indices' || name === 'symbols') {
    if (typeof value === 'string' || (sample.length > 0 && sample.every(isText))) return true
    return Array.isArray(value) && sample.length === 0 ? true : hasAny(sample, ONLY_OF_INDEX)
  }
  if (name !== 'alerts') return false
  if (list(value) === null) return hasAny([value], setOf('total alerts_total severity_counts severity'))
  return sample.length === 0 || sample.some(item => isText(item) || hasAny([item], setOf('message')))
}

/** The share of a member that the known panels show. */
function shareRead(name: string, value: unknown, paths: ReadonlySet<string>): number {
  const sample = sampleOf(value)
  if (name === 'indices' || name === 'symbols') return shareNamed(sample, OF_INDEX)
  if (name === 'health' || name === 'components') return shareNamed(sample, OF_COMPONENT)
  if (name === 'alerts' || name === 'events') return shareNamed(sample, OF_ALERT)
  const members = map(value)
  if (members === null || name === 'performance') return 1
  const keys = Object.keys(members)
  const read = keys.filter(
    key => paths.has(`${name}.${key}`) || [...paths].some(path => path.startsWith(`${name}.${key}.`)),
  )
  return keys.length === 0 ? 1 : read.length / keys.length
}

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null

/** Whether the known panels show this document; otherwise the automatic board does. */
export function isKnownDocument(document: JsonMap, snapshot: Pick<Snapshot, 'origins'>): boolean {
  const read = readMembers(snapshot)
  for (const name of read) {
    if (!Object.hasOwn(document, name)) continue
    if (OWN_MEMBERS.has(name) || isOwnList(name, member(document, name))) return true
  }
  if (Array.isArray(document.alerts) && isOwnList('alerts', document.alerts)) return true
  const paths = new Set(Object.values(snapshot.origins))
  const words: readonly string[] = OWN_WORDS
  let [counted, share] = [0, 0]
  for (const name of Object.keys(document)) {
    const value = document[name]
    if (COMMON.has(name) || (words.includes(name) && isScalar(value) && !read.has(name))) continue
    counted++
    if (read.has(name)) share += shareRead(name, value, paths)
  }
  return counted > 0 && share / counted >= MOSTLY
}
