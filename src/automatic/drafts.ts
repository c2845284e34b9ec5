// From the members of a document to drafts of panels: objects become fields, lists and maps of alike objects become tables. Which
// drafts are shown is decided in board.ts.
import { isObject } from '../ingest/json.js'
import { field, fields } from '../panels/cells.js'
import type { Fact, Facts } from '../panels/facts.js'
import type { Block, Field, Tone } from '../panels/panel.js'
import { knownTone } from '../panels/state-words.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import { OWN_WORDS, type Remark } from '../panels/verdict.js'
import { isSafeName, type JsonMap } from '../snapshot/value.js'
import { type CellContext, more, plainCell, toneOfValue, withTone } from './cells.js'
import type { TablePlan } from './columns.js'
import { Counters, type SeenCounters } from './counters.js'
import {
  ALONE,
  type ExtraWords,
  flagOf,
  isBadCounter,
  namesAProblem,
  type StateValue,
  type Surroundings,
  saysWhatHappened,
  stateAt,
  surroundingsOf,
  wordTone,
} from './judge.js'
import { type Condition, conditionsOf, type Path, pathKey, stateOfObject } from './leaves.js'
import { isDataKey, isSecret, joinedName, stateName, titleOf } from './names.js'
import { rowsOf } from './rows.js'
import { factPart, type Rows, tableOf } from './table.js'
import type { UnitContext } from './units.js'

export type AutomaticOptions = UnitContext & {
  /** Members of the top level that are shown elsewhere. */
  readonly skip: ReadonlySet<string>
  /** Paths that are not shown: `data.droppedTargets`. */
  readonly hide?: ReadonlySet<string>
  /** Labels and titles by path. */
  readonly rename?: ReadonlyMap<string, string>
  readonly words?: ExtraWords
  /** Keys that no automatic panel may have. */
  readonly reserved: ReadonlySet<string>
  readonly nowMs: number
  /** Whether counters are compared with those of the document before; default true. */
  readonly rising?: boolean
}

/** Values of the document: each field counts, and a table counts as one. */
export type MemberCounts = {
  readonly shown: number
  /** Too many, or they look like secrets. */
  readonly hidden: number
}

/** What was learned from earlier documents. */
export type AutomaticMemory = {
  readonly plans: ReadonlyMap<string, TablePlan>
  readonly counters: SeenCounters
  /** Keys of all panels so far. */
  readonly keys: ReadonlySet<string>
}

const MAX_FIELDS = 14
const MAX_ROOT_FIELDS = 20
/** Objects and lists below this are only counted. */
const MAX_DEPTH = 4
/** Members that are looked at: of one object, and panels of one document. */
const MAX_MEMBERS = 1_000
const MAX_DRAFTS = 200
const MAX_UNKNOWN = 32
type Item = {
  readonly label: string
  readonly path: Path
  readonly value: unknown
  /** What is shown instead of the value: `3 items`. */
  readonly text?: string
}

/** What a panel is made of, for a board file: the path of an object, a list or a map, and its fields. */
export type PanelOutline = {
  readonly path: Path
  /** Empty for a table, whose columns are in the plan of its path. */
  readonly fields: readonly { readonly label: string; readonly path: Path }[]
}

export type Draft = PanelOutline & {
  readonly title: string
  readonly blocks: readonly Block[]
  readonly facts: Facts
  readonly isBad: boolean
  readonly members: MemberCounts
}

const ONE_TABLE: MemberCounts = { shown: 1, hidden: 0 }

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null

/** Walks one document; `drafts` has at most 200 panels, in its order. */
export class Drafts {
  readonly all: Draft[] = []
  readonly plans = new Map<string, TablePlan>()
  readonly unknown = new Set<string>()
  readonly counters: Counters
  /** Members without a place, by path; and how many they are. */
  readonly leftOut: string[] = []
  leftOutCount = 0
  secrets = 0
  own: Remark | null = null
  readonly #context: CellContext
  readonly #hide: ReadonlySet<string>
  readonly #rename: ReadonlyMap<string, string>
  #hasAnswer = false

  constructor(
    private readonly options: AutomaticOptions,
    private readonly memory: AutomaticMemory | null,
  ) {
    const { timezone, sourceZone = null, words = new Map(), hide = new Set(), rename = new Map() } = options
    this.#hide = hide
    this.#rename = rename
    const before = options.rising === false ? null : (memory?.counters ?? new Map())
    this.counters = new Counters(before, options.nowMs)
    this.#context = {
      timezone,
      sourceZone,
      words,
      onUnknown: word => {
        if (this.unknown.size < MAX_UNKNOWN) this.unknown.add(word)
      },
    }
  }

  root(document: JsonMap): void {
    this.#hasAnswer = ANSWERS.some(name => isObject(document[name]) || Array.isArray(document[name]))
    const rest = this.#withoutSkipped(document)
    const rows = rowsOf(rest)
    if (rows === null) this.#object(rest, [])
    else this.#table(rows, [])
  }

  #withoutSkipped(document: JsonMap): JsonMap {
    const { skip } = this.options
    if (skip.size === 0) return document
    return Object.fromEntries(Object.entries(document).filter(([key]) => !skip.has(key)))
  }

  #object(value: JsonMap, path: Path): void {
    const items: Item[] = []
    const children: (() => void)[] = []
    const keys = Object.keys(value)
    for (const key of keys.slice(0, MAX_MEMBERS))
      this.#member(key, value[key], [...path, key], items, children)
    this.#left(path, keys.length - MAX_MEMBERS)
    if (items.length > 0) this.#fields(items, path)
    for (const child of children) child()
  }

  #member(key: string, value: unknown, at: Path, items: Item[], children: (() => void)[]): void {
    if (this.#hide.has(at.join('.'))) return
    if (isSecret(key, value)) {
      this.secrets++
      return
    }
    const label = this.#rename.get(at.join('.')) ?? key
    if (isScalar(value)) {
      items.push({ label, path: at, value })
      return
    }
    const conditions = Array.isArray(value) && at.length <= MAX_DEPTH ? conditionsOf(value) : null
    if (conditions !== null) {
      children.push(() => this.#conditions(conditions, at))
      return
    }
    const rows = rowsOf(value)
    if (rows !== null && at.length <= MAX_DEPTH) {
      children.push(() => this.#table(rows, at))
      return
    }
    const size = Array.isArray(value) ? value.length : Object.keys(value ?? {}).length
    if (size === 0) items.push({ label, path: at, value: null, text: 'none' })
    else if (Array.isArray(value)) {
      const isFlat = value.slice(0, 100).every(isScalar)
      items.push(
        isFlat ? { label, path: at, value } : { label, path: at, value: null, text: `${size} items` },
      )
    } else if (isObject(value)) this.#inner(key, value, at, label, items, children)
  }

  #inner(
    key: string,
    value: JsonMap,
    at: Path,
    label: string,
    items: Item[],
    children: (() => void)[],
  ): void {
    const state = stateOfObject(key, value)
    const [only, ...others] = Object.keys(value)
    const inner = only === undefined ? undefined : value[only]
    if (state !== null) items.push({ label, path: at, value: state })
    else if (only !== undefined && others.length === 0 && isScalar(inner) && !isSecret(only, inner)) {
      if (inner === null || inner === '') return
      // `publish_details.rate` is next to `publish` as `publish_rate`.
      const path = [...at, only]
      const joined = this.#rename.get(path.join('.')) ?? joinedName(label, only)
      const isTaken = items.some(item => item.label === joined)
      items.push({ label: isTaken ? `${label}.${only}` : joined, path, value: inner })
    } else if (at.length >= MAX_DEPTH) {
      const size = others.length + 1
      items.push({ label, path: at, value: null, text: `${size} ${size === 1 ? 'item' : 'items'}` })
    } else children.push(() => this.#object(value, at))
  }

  #fields(items: readonly Item[], path: Path): void {
    const judged = this.#judged(items, path)
    const isRoot = path.length === 0
    const most = isRoot ? MAX_ROOT_FIELDS : MAX_FIELDS
    const states = judged.filter(({ isState }) => isState)
    const others = judged.filter(({ isState }) => !isState)
    // Too many states: what is not well must be among those that are shown.
    if (states.length > most) states.sort((a, b) => badness(b.tone) - badness(a.tone))
    const shown = [...states, ...others].slice(0, most)
    const labels = new Set<string>()
    const facts: [string, Fact][] = []
    const made = shown.map(({ item, tone }): Field => {
      const cell =
        item.text === undefined
          ? plainCell(item.value, item.path, this.#context)
          : { text: item.text, tone: 'muted' as const }
      const { label, text, ...rest } = { ...field(item.label, cell), ...withTone(cell, tone ?? cell.tone) }
      const isNumber = rest.value !== undefined && rest.unit !== 'time'
      if (!isNumber || labels.has(label) || !isSafeName(label)) return { label, text, ...rest }
      labels.add(label)
      facts.push([label, rest.value ?? 0])
      return { label, text, ...rest, fact: factPart(label) }
    })
    const blocks: Block[] = [fields(...made), ...more(judged.length - shown.length, 'member')]
    this.#add({
      path,
      fields: shown.map(({ item }) => ({ label: item.label, path: item.path })),
      title: this.#title(path, isRoot ? items : []),
      blocks,
      facts: Object.fromEntries(facts),
      isBad: made.some(({ tone }) => badness(tone) > 0),
      members: { shown: shown.length, hidden: judged.length - shown.length },
    })
    if (isRoot) this.own = ownRemark(shown)
  }

  /** Each member with its tone; `isState`: its name carries a state, so it comes first. */
  #judged(items: readonly Item[], path: Path): readonly JudgedItem[] {
    const states = items.flatMap(({ path: at, value }) => stateAt(at, value) ?? [])
    const parent = stateName(path.at(-1) ?? '')
    // `health: { db: "ok", cache: "down" }`
    const areStates =
      parent !== null &&
      states.length === 0 &&
      items.length > 0 &&
      items.every(({ value }) => typeof value === 'string' && knownTone(value) !== null)
    const kind = items.find(({ label }) => /^(?:type|kind)$/i.test(label))?.value
    const around = surroundingsOf(
      areStates ? [] : states,
      saysWhatHappened(items.map(({ label }) => label)),
      typeof kind === 'string' ? kind : null,
    )
    const isRoot = path.length === 0
    return items.map(item => {
      const tone = this.#toneOf(item, around, areStates ? parent : null, parent !== null)
      const isState = areStates || stateAt(item.path, item.value) !== null || tone !== undefined
      return {
        item,
        isState,
        tone: isRoot && tone === 'ok' && isAnswerWord(item, this.#hasAnswer) ? undefined : tone,
      }
    })
  }

  #toneOf(
    { label, path, value }: Item,
    around: Surroundings,
    base: string | null,
    isBelowState: boolean,
  ): Tone | undefined {
    if (typeof value === 'number') {
      const isRising = isBadCounter(label) && this.counters.isRising(pathKey(path), value)
      return isRising ? 'warn' : undefined
    }
    if (base !== null && typeof value === 'string') {
      const state: StateValue = { base, word: value }
      return wordTone(state, around, this.#context.words).tone
    }
    const flag = flagOf(value)
    if (flag !== null && isBelowState && isDataKey(path.at(-1) ?? '')) return flag ? 'ok' : 'error'
    return toneOfValue(value, path, around, this.#context)
  }

  /** Whether `False` is good or bad depends on the type, so each is a field of that name; what is not well says why. */
  #conditions(conditions: readonly Condition[], at: Path): void {
    const items = conditions.map(({ type, status, why }): Item => {
      const item = { label: type, path: [...at, type], value: status }
      const isBad = badness(toneOfValue(status, item.path, ALONE, this.#context)) > 0
      return isBad && why !== '' ? { ...item, text: shownText(`${status}: ${why}`, MESSAGE_WIDTH) } : item
    })
    this.#fields(items, at)
  }

  #table(rows: Rows, path: Path): void {
    if (this.all.length >= MAX_DRAFTS) {
      this.#left(path, 1)
      return
    }
    const id = pathKey(path)
    const table = tableOf(id, rows, this.memory?.plans.get(id) ?? null, this.#context, this.counters)
    this.plans.set(id, table.plan)
    const isProblem = namesAProblem(path.at(-1) ?? '') && table.plan.states.length === 0
    this.#add({
      path,
      fields: [],
      title: this.#title(path, []),
      blocks: isProblem ? table.blocks.map(warned) : table.blocks,
      facts: table.facts,
      isBad: isProblem || table.blocks.some(isBadBlock),
      members: ONE_TABLE,
    })
  }

  #title(path: Path, items: readonly Item[]): string {
    const given = this.#rename.get(path.join('.'))
    if (given !== undefined) return shownText(given)
    const named = items.find(
      ({ label, value }) => ROOT_NAMES.test(label) && typeof value === 'string' && value !== '',
    )
    if (typeof named?.value === 'string') return shownText(named.value)
    return path.length === 0 ? 'Document' : shownText(titleOf(path)) || 'Member'
  }

  #add(draft: Draft): void {
    if (this.all.length < MAX_DRAFTS) this.all.push(draft)
    else this.#left(draft.path, 1)
  }

  #left(path: Path, count: number): void {
    if (count <= 0) return
    this.leftOut.push(path.join('.'))
    this.leftOutCount += count
  }
}

type JudgedItem = { readonly item: Item; readonly isState: boolean; readonly tone: Tone | undefined }

const ROOT_NAMES = /^(?:cluster_?name|name|title)$/i

function badness(tone: Tone | undefined): number {
  return tone === 'error' ? 2 : tone === 'warn' ? 1 : 0
}

/** A list of errors that has one is not well, whatever its rows say. */
function warned(block: Block): Block {
  if (block.kind !== 'fields') return block
  return fields(
    ...block.items.map(item => (item.label === 'count' ? { ...item, tone: 'warn' as const } : item)),
  )
}

function isBadBlock(block: Block): boolean {
  return block.kind === 'table' && block.rows.some(row => row.some(({ tone }) => badness(tone) > 0))
}

const DONE = /^(?:success|succeeded|successful)$/i
const ANSWERS = ['data', 'result', 'results', 'response']

/** Says that a request was answered, not that the system is well. `hasAnswer`: the answer is next to it. */
function isAnswerWord({ label, value }: Item, hasAnswer: boolean): boolean {
  if (label === 'status' && typeof value === 'string')
    return DONE.test(value) || (hasAnswer && /^ok$/i.test(value))
  return value === true && (label === 'success' || ((label === 'ok' || label === 'status') && hasAnswer))
}

function ownRemark(shown: readonly JudgedItem[]): Remark | null {
  const names: readonly string[] = OWN_WORDS
  const remarks = shown.flatMap(({ item, tone }): Remark[] =>
    tone !== undefined && names.includes(item.path[0] ?? '') && item.path.length === 1
      ? [{ tone, text: `${item.path[0]}: ${shownText(String(item.value))}` }]
      : [],
  )
  for (const tone of ['error', 'warn', 'ok', 'info'] as const) {
    const worst = remarks.find(remark => remark.tone === tone)
    if (worst !== undefined) return worst
  }
  return null
}
