// Which values of alike rows become the columns of a table. Learned from a sample, and kept while it fits: choosing columns costs
// more than filling them.
import { shownText } from '../panels/text.js'
import type { JsonMap } from '../snapshot/value.js'
import { type CellContext, nameOf, plainCell, toneOfValue } from './cells.js'
import { ALONE, flagOf, isBadCounter, stateAt } from './judge.js'
import { Found, findLeaves, Leaves, leavesAt, type Path } from './leaves.js'
import {
  ANY,
  errorTextRank,
  namesAnId,
  partsOf,
  rowNameRank,
  setOf,
  stateName,
  stateNameOf,
} from './names.js'
import { isAddress, NEVER } from './units.js'

export type Kind = 'name' | 'state' | 'number' | 'time' | 'text'

export type AutomaticColumn = {
  readonly path: Path
  readonly kind: Kind
  readonly label: string
  /** Of the values of all rows, where they have the same. */
  readonly unit?: string
}

export type TablePlan = {
  readonly columns: readonly AutomaticColumn[]
  /** Every path that may carry a state, also those that are no column. */
  readonly states: readonly Path[]
  /** What the row is: `batch`, `service`. */
  readonly kind: Path | null
  readonly hasMessage: boolean
  /** All paths that were seen. */
  readonly known: ReadonlySet<string>
  /** Numbers that were the same in all rows, and so no columns: one that changes is a reason to choose again. */
  readonly constants: readonly { readonly path: Path; readonly value: unknown }[]
  /** Paths that are no columns. */
  readonly omitted: number
  readonly secrets: number
}

export const MAX_COLUMNS = 7
const SAMPLE = 200
/** Rows that are compared with a known plan. */
const CHECKED = 12
/** Share of rows in which a column repeats another. */
const SAME_SHARE = 0.9
const MAX_CONSTANTS = 40

/** Numbers that order or address, and say little. */
const LOW_NUMBERS = setOf(
  'position order rank port pid generation index offset code priority weight number version row slot interval timeout period threshold limit max min id',
)
const TIME_ORDER = setOf('updated last heartbeat seen scrape started start since at created time timestamp')

type Candidate = {
  readonly path: Path
  /** One text for each row of the sample; empty where it has no value. */
  readonly texts: readonly string[]
  readonly values: readonly (readonly unknown[])[]
  readonly present: number
  readonly distinct: number
}

/** Numbers that add up over the elements of a list. */
const ADDED = setOf('count total restarts errors failures retries requests messages size bytes')
export const addsUp = (name: string): boolean => ADDED.has(partsOf(name).at(-1) ?? '')

/** The fractional part of the golden ratio: its multiples fall evenly between 0 and 1, and repeat nothing. */
const STEP = 0.618_033_988_749_895

/** Spread over all, in order. Not at equal distances: a value that repeats every few rows would look the same in all of them. */
export function spread<T>(all: readonly T[], count: number): readonly T[] {
  if (all.length <= count) return all
  const taken: T[] = []
  for (let i = 0; i < count; i++) {
    const found = all[Math.floor(((i + ((i * STEP) % 1)) * all.length) / count)]
    if (found !== undefined) taken.push(found)
  }
  return taken
}

/** `true`, `"True"` and `"true"` are the same. */
function textOf(value: unknown): string {
  const flag = flagOf(value)
  if (flag !== null) return String(flag)
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200)
}

function candidate(path: Path, rows: readonly JsonMap[]): Candidate {
  const values = rows.map(row => leavesAt(row, path))
  const texts = values.map(found => found.map(textOf).join('\u0000'))
  const given = texts.filter(text => text !== '')
  return { path, texts, values, present: given.length, distinct: new Set(given).size }
}

const all = ({ values }: Candidate, test: (value: unknown) => boolean): boolean =>
  values.every(found => found.every(test))

function share({ values, present }: Candidate, test: (value: unknown) => boolean): number {
  return values.filter(found => found.length > 0 && test(found[0])).length / Math.max(1, present)
}

function isOpaque(value: unknown): boolean {
  if (typeof value === 'number') return value > 9_999
  if (typeof value !== 'string') return false
  return isHash(value) || /^(?=.*\d)[\w+/=-]{8,}$/.test(value.slice(0, 100)) || value.startsWith('arn:')
}

const HASH = /^(?:[a-z\d]+:)?(?:[0-9a-f]{12,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i
const isHash = (value: unknown): boolean =>
  typeof value === 'string' && value.length < 140 && HASH.test(value)

/** Lists in most rows: a cell shows one value, or a sum. */
function isMany({ path, values, present }: Candidate): boolean {
  const many = values.filter(({ length }) => length > 1).length
  return many * 2 > present && !addsUp(nameOf(path))
}

const NAME_CHARS = 40
const isSentence = (value: unknown): boolean => typeof value === 'string' && value.length > NAME_CHARS

/** Identifiers, hashes, addresses: for programs, not for people. */
function isForPrograms(one: Candidate): boolean {
  if (share(one, isAddress) > 0.5 || share(one, isHash) > 0.5) return true
  return namesAnId(nameOf(one.path)) && share(one, isOpaque) > 0.5
}

function repeats(one: Candidate, other: Candidate): boolean {
  let [counted, same] = [0, 0]
  for (let i = 0; i < one.texts.length; i++) {
    const [a, b] = [one.texts[i] ?? '', other.texts[i] ?? '']
    if (a === '' && b === '') continue
    counted++
    if (a === b) same++
  }
  return counted > 0 && same / counted >= SAME_SHARE
}

/** Whether a value of this path may have a tone. */
function carriesState(one: Candidate, context: CellContext): boolean {
  return one.values.some(found =>
    found.some(
      value =>
        stateAt(one.path, value) !== null || toneOfValue(value, one.path, ALONE, context) !== undefined,
    ),
  )
}

function isBad(one: Candidate, context: CellContext): boolean {
  return one.values.some(found =>
    found.some(value => {
      const tone = toneOfValue(value, one.path, ALONE, context)
      return tone === 'warn' || tone === 'error'
    }),
  )
}

/** What is not well comes first; below `active`, `sub` is a detail. */
function stateRank(one: Candidate, context: CellContext): number {
  if (stateNameOf(one.path) === 'sub') return 4
  return (isBad(one, context) ? 0 : 2) + (one.path.includes(ANY) ? 1 : 0)
}

function isFlagOnly(one: Candidate): boolean {
  return all(one, value => flagOf(value) !== null)
}

function kindOf(one: Candidate, context: CellContext): Kind {
  const cells = one.values
    .flatMap(found => found.slice(0, 1))
    .map(value => plainCell(value, one.path, context))
  if (cells.every(({ unit, text }) => unit === 'time' || text === NEVER)) return 'time'
  return cells.every(({ value, text }) => value !== undefined || text === NEVER) ? 'number' : 'text'
}

function timeRank(path: Path): number {
  const parts = partsOf(nameOf(path))
  const ranks = [...TIME_ORDER].flatMap((word, rank) => (parts.includes(word) ? [rank] : []))
  return ranks[0] ?? TIME_ORDER.size
}

function numberRank({ path, values }: Candidate): number {
  const name = nameOf(path)
  if (isBadCounter(name)) return 0
  return values.some(({ length }) => length > 1) || LOW_NUMBERS.has(partsOf(name).at(-1) ?? '') ? 2 : 1
}

/** In order of rank, else as given. */
function ranked<T>(items: readonly T[], rank: (item: T) => number): readonly T[] {
  return items
    .map((item, at) => ({ item, at, rank: rank(item) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ item }) => item)
}

/** The shortest tails of the paths that are different, whatever their case. */
function labelsOf(paths: readonly Path[]): readonly string[] {
  const named = paths.map(path => path.filter(part => part !== ANY))
  // `InstanceState.Name` is a state only together with its parent.
  const isShort = (path: Path): boolean => stateNameOf(path) !== null && stateName(path.at(-1) ?? '') === null
  const lengths = named.map((path): number => (isShort(path) ? 2 : 1))
  const tail = (i: number): string => (named[i] ?? []).slice(-(lengths[i] ?? 1)).join('.')
  for (let round = 0; round < 5; round++) {
    const seen = new Map<string, number[]>()
    for (let i = 0; i < named.length; i++) {
      const key = tail(i).toLowerCase()
      seen.set(key, [...(seen.get(key) ?? []), i])
    }
    const same = [...seen.values()].filter(({ length }) => length > 1).flat()
    if (same.length === 0) break
    for (const i of same) lengths[i] = (lengths[i] ?? 1) + 1
  }
  return named.map((_, i) => shownText(tail(i)))
}

/** `shown`: the rows that `fitsTable` will compare. `hasKey`: the rows have a name already, the key of their map. */
export function learnTable(
  rows: readonly JsonMap[],
  shown: readonly JsonMap[],
  hasKey: boolean,
  context: CellContext,
): TablePlan {
  const sample = spread(rows, SAMPLE)
  const leaves = new Leaves()
  for (const row of sample) leaves.add(row)
  const candidates = [...leaves.paths.values()].map(path => candidate(path, sample))
  const states = candidates.filter(one => carriesState(one, context))
  const chosen: { readonly one: Candidate; readonly kind: Kind }[] = []
  const most = hasKey ? MAX_COLUMNS - 1 : MAX_COLUMNS
  const isFree = (one: Candidate): boolean =>
    chosen.length < most && !chosen.some(({ one: other }) => other === one || repeats(one, other))
  const choose = (kind: Kind, from: readonly Candidate[], count: number): void => {
    let left = count
    for (const one of from) {
      if (left === 0) return
      if (!isFree(one)) continue
      chosen.push({ one, kind })
      left--
    }
  }

  const isOne = sample.length === 1
  const isConstant = ({ present, distinct }: Candidate): boolean =>
    !isOne && distinct === 1 && present === sample.length
  const rest = candidates.filter(one => !states.includes(one) && one.present > 0)
  const shownStates = states.filter(
    one => !isConstant(one) || one.values.some(found => toneOfValue(found[0], one.path, ALONE, context)),
  )
  const varied = rest.filter(one => !isConstant(one) && !isForPrograms(one) && !isMany(one))
  const kinds = new Map(varied.map(one => [one, kindOf(one, context)]))
  const ofKind = (kind: Kind): readonly Candidate[] => varied.filter(one => kinds.get(one) === kind)

  if (!hasKey) {
    const named = rest.filter(
      one => !one.path.includes(ANY) && rowNameRank(one.path) !== null && !isConstant(one),
    )
    const unlike = (one: Candidate): number =>
      (rowNameRank(one.path) ?? 0) +
      60 * (1 - one.distinct / Math.max(1, one.present)) +
      60 * (1 - one.present / sample.length) +
      (isForPrograms(one) ? 200 : 0) +
      // A description that is a sentence names nothing.
      (share(one, isSentence) > 0.5 ? 300 : 0) +
      (share(one, value => flagOf(value) !== null) > 0 ? 500 : 0)
    choose('name', ranked(named, unlike), 1)
    // `Serf Health Status` of which node?
    if (chosen.some(({ one }) => one.distinct < one.present)) choose('name', ranked(named, unlike), 1)
    if (chosen.length === 0)
      choose(
        'name',
        ofKind('text').filter(({ distinct }) => distinct === sample.length),
        1,
      )
  }
  const byBadness = ranked(shownStates, one => stateRank(one, context))
  choose('state', byBadness, 3)
  const plain = ofKind('text').filter(one => !isFlagOnly(one) || isOne)
  const telling = plain.filter(one => errorTextRank(nameOf(one.path)) !== null)
  choose(
    'text',
    ranked(telling, one => errorTextRank(nameOf(one.path)) ?? 0),
    1,
  )
  const numbers = ranked(ofKind('number'), numberRank)
  choose(
    'number',
    numbers.filter(one => numberRank(one) < 2),
    3,
  )
  const times = ranked(ofKind('time'), one => timeRank(one.path))
  choose('time', times, 1)
  choose('state', byBadness, 2)
  choose(
    'text',
    ranked(plain, one => (one.path.includes(ANY) ? 2 : 0) + one.distinct / sample.length),
    2,
  )
  choose('number', numbers, most)
  choose('time', times, 1)
  choose('text', [...plain, ...ofKind('text')], most)
  // Nothing differs: what is the same is all there is.
  const same = rest.filter(one => isConstant(one) && kindOf(one, context) === 'number')
  if (chosen.length < 3) choose('number', same, 4)

  const order: readonly Kind[] = ['name', 'state', 'number', 'time', 'text']
  const columns = ranked(chosen, ({ kind }) => order.indexOf(kind))
  const labels = labelsOf(columns.map(({ one }) => one.path))
  const typed = rest
    .concat(states)
    .find(({ path }) => path.length === 1 && /^(?:type|kind)$/i.test(path[0] ?? ''))
  return {
    columns: columns.map(({ one, kind }, i) => {
      const unit = kind === 'name' || kind === 'state' ? undefined : unitOf(one, context)
      const label = labels[i] ?? ''
      return unit === undefined ? { path: one.path, kind, label } : { path: one.path, kind, label, unit }
    }),
    states: states.map(({ path }) => path),
    kind: typed?.path ?? null,
    hasMessage: [...leaves.paths.values()].some(
      path => errorTextRank(nameOf(path)) !== null || hasAlertName(path),
    ),
    known: new Set(leaves.paths.keys()),
    constants: rest
      .filter(one => isConstant(one) && all(one, value => typeof value === 'number'))
      .slice(0, MAX_CONSTANTS)
      .map(({ path, values }) => ({ path, value: values[0]?.[0] }))
      // The same in the sample only: a reason to choose again with every document.
      .filter(constant => isConstantIn(constant, shown)),
    omitted: leaves.paths.size - columns.length,
    secrets: leaves.secrets.size,
  }
}

const hasAlertName = (path: Path): boolean => nameOf(path).toLowerCase() === 'alertname'

/** The unit of all values; undefined where they differ. */
function unitOf(one: Candidate, context: CellContext): string | undefined {
  const units = new Set(
    one.values.flatMap(found => {
      const cell = found.length === 0 ? null : plainCell(found[0], one.path, context)
      return cell === null || cell.text === NEVER ? [] : [cell.unit ?? '']
    }),
  )
  const [unit = ''] = units
  return units.size === 1 && unit !== '' ? unit : undefined
}

/** Whether the plan still shows these rows well. */
export function fitsTable(plan: TablePlan, rows: readonly JsonMap[], shown: readonly JsonMap[]): boolean {
  const leaves = new Leaves()
  for (const row of spread(rows, CHECKED)) leaves.add(row)
  for (const key of leaves.paths.keys()) if (!plan.known.has(key)) return false
  return plan.constants.every(constant => isConstantIn(constant, shown))
}

function isConstantIn({ path, value }: TablePlan['constants'][number], rows: readonly JsonMap[]): boolean {
  const found = new Found()
  return rows.every(row => {
    findLeaves(row, path, found)
    return found.count === 0 || found.values[0] === value
  })
}
