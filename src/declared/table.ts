// The table of a declared panel: rows of a list or a map, joined, filtered, sorted and limited.
import { factPart } from '../automatic/table.js'
import { moreBlocks } from '../panels/cells.js'
import type { Fact, Facts } from '../panels/facts.js'
import { MISSING } from '../panels/format.js'
import type { Block, Cell, Column } from '../panels/panel.js'
import { shownText } from '../panels/text.js'
import { emptyRecord, isSafeName } from '../snapshot/value.js'
import { alertsContent } from './alert-rows.js'
import { ALERTS, type Item, type Join, type Part, type Rows } from './compile.js'
import { isBad, type PanelContent } from './content.js'
import type { Evaluation } from './evaluation.js'
import { Failure } from './expression.js'
import { MAX_ROWS } from './file.js'
import { compareValues } from './functions.js'
import { isFalsy, isObject } from './json-value.js'
import { allPlaces, keyAt, type Places, type RowList, rowList } from './row-list.js'
import { CODES } from './row-tones.js'

/** With more rows, those that are not well come first. */
const MANY_ROWS = 12

/** Up to this many rows are found without sorting all. */
const MAX_CHOSEN = 500

const muted = (text: string): Block => ({ kind: 'text', text: shownText(text), tone: 'muted' })

export function tableContent(key: string, rows: Rows, evaluation: Evaluation): PanelContent {
  return new Table(rows, evaluation).content(key)
}

/** What went wrong in all rows of a column. */
type Seen = { isFound: boolean; why: string | null }

/**
 * Cost: reading one value of each row for `where` and `sort`; one byte of each row and toned column where rows are hidden or put in
 * order by tone; cells of the rows that are shown. Nothing is allocated for a row that is not shown but its place.
 */
class Table {
  readonly #seen: ReadonlyMap<Item, Seen>
  readonly #toned: readonly Item[]
  readonly #notes: Block[] = []

  constructor(
    private readonly table: Rows,
    private readonly evaluation: Evaluation,
  ) {
    this.#seen = new Map(table.columns.map(item => [item, { isFound: false, why: null }]))
    this.#toned = table.columns.filter(({ hasTone }) => hasTone)
  }

  content(key: string): PanelContent {
    const { columns, empty } = this.table
    const found = this.evaluation.rows(this.table.rows)
    if (!found.ok) return { blocks: [muted(found.message)] }
    const list = this.#joined(found.list)
    const kept = this.#kept(list)
    const shown = this.#shown(list, kept)
    const lines = shown.map(at => columns.map(item => this.#cell(item, list, at)))
    const rest = this.#rest(list, kept, shown)
    if (found.more > 0) this.#notes.push(muted(`${found.more} more rows not read; at most ${MAX_ROWS} are`))
    this.#report(list, kept)
    const block = tableBlock(columns, lines)
    const nothing = kept.length === 0 ? [muted(empty ?? 'none')] : []
    const blocks = [block, ...nothing, ...rest, ...this.#notes]
    if (key === ALERTS) return alertsContent(columns, lines, kept.length, blocks)
    return { blocks, facts: rowFacts(columns, lines) }
  }

  /** The rows that `where` keeps. */
  #kept(list: RowList): Places {
    const { where } = this.table
    if (where === null) return allPlaces(list.count)
    const kept: number[] = []
    let fault: string | null = null
    for (let at = 0; at < list.count && !this.evaluation.isUsedUp; at++) {
      const value = this.evaluation.read(where, list.values[at], keyAt(list, at))
      // A row that cannot be judged stays: it may be the one that matters.
      if (value instanceof Failure) fault ??= value.message
      else if (isFalsy(value)) continue
      kept.push(at)
    }
    if (fault !== null) {
      this.#notes.push(muted(`not all rows are filtered: ${fault}`))
      if (where.fault === null) this.evaluation.failed(where, fault)
    }
    return kept
  }

  /** The rows up to the limit, as the file sorts them; else those that are not well first, where there are many. */
  #shown(list: RowList, kept: Places): Places {
    const { sort, limit } = this.table
    if (sort !== null) {
      if (sort.by.fault !== null) this.#notes.push(muted(`not sorted: ${sort.by.fault}`))
      return firstInOrder(limit, this.#sortValues(list, kept, sort.by), sort.isDescending ? -1 : 1).map(
        i => kept[i] ?? 0,
      )
    }
    if (kept.length <= Math.min(MANY_ROWS, limit) || this.#toned.length === 0) return kept.slice(0, limit)
    const errors: number[] = []
    const warnings: number[] = []
    const others: number[] = []
    const worst = this.#worstIn(list)
    for (const at of kept) {
      const code = worst(at)
      if (code === CODES.error) errors.push(at)
      else if (code === CODES.warn) warnings.push(at)
      else if (others.length < limit) others.push(at)
    }
    return [errors, warnings, others].flat().slice(0, limit)
  }

  /** Null for what cannot be sorted. */
  #sortValues(list: RowList, kept: Places, by: Part): readonly unknown[] {
    return kept.map(at => {
      if (this.evaluation.isUsedUp) return null
      const value = this.evaluation.read(by, list.values[at], keyAt(list, at))
      return isSortable(value) ? value : null
    })
  }

  /** How many rows are not shown, with the tone of the worst of them. */
  #rest(list: RowList, kept: Places, shown: Places): readonly Block[] {
    const count = kept.length - shown.length
    if (count === 0 || this.#toned.length === 0) return moreBlocks(count, 'rows')
    const isShown = new Set(shown)
    const worst = this.#worstIn(list)
    let [errors, warnings] = [0, 0]
    for (const at of kept) {
      const code = worst(at)
      if (code < CODES.warn || isShown.has(at)) continue
      if (code === CODES.error) errors++
      else warnings++
    }
    const bad = errors + warnings
    if (bad === 0) return moreBlocks(count, 'rows')
    const text = `${count} more rows not shown, ${bad} of them not well`
    return [{ kind: 'text', text, tone: errors > 0 ? 'error' : 'warn' }]
  }

  /** The worst code of a row. */
  #worstIn(list: RowList): (at: number) => number {
    const columns = this.#toned.flatMap(item => {
      const seen = this.#seen.get(item)
      return seen === undefined ? [] : [{ tones: this.evaluation.tones(item, list), seen }]
    })
    return at => {
      let worst: number = CODES.unjudged
      for (const { tones, seen } of columns) {
        const code = tones.at(at)
        if (code > CODES.missing) seen.isFound = true
        if (code === CODES.failed) seen.why ??= tones.why
        if (code > worst) worst = code
        if (code === CODES.error) break
      }
      return worst
    }
  }

  #cell(item: Item, list: RowList, at: number): Cell {
    const { cell, failure } = this.evaluation.made(
      item,
      this.evaluation.read(item.from, list.values[at], keyAt(list, at)),
    )
    const seen = this.#seen.get(item)
    if (seen === undefined) return cell
    seen.isFound ||= cell.text !== MISSING
    seen.why ??= failure
    return cell
  }

  /** What a column finds in no row, or where it fails, is a fault. */
  #report(list: RowList, kept: Places): void {
    const { join } = this.table
    for (const [{ from }, { isFound, why }] of this.#seen) {
      if (from.fault !== null || kept.length === 0) continue
      // The other list need not have a row for any of these.
      const isOther = join !== null && from.expression?.documentMembers.has(join.as) === true
      if (why !== null) this.evaluation.failed(from, why)
      else if (!isFound && !isOther) this.evaluation.reportAbsent(from, list, kept)
    }
  }

  /** The rows with those of the other list, as far as the budget reaches. */
  #joined(list: RowList): RowList {
    const { join } = this.table
    const others = join === null ? null : this.#others(join)
    if (join === null || others === null) return list
    const values: unknown[] = []
    for (let at = 0; at < list.count && !this.evaluation.isUsedUp; at++) {
      const value = list.values[at]
      const on = isObject(value) ? joinKey(this.evaluation.read(join.left, value, keyAt(list, at))) : null
      values.push(
        isObject(value) ? { ...value, [join.as]: on === null ? null : (others.get(on) ?? null) } : value,
      )
    }
    return rowList(values, list.keys)
  }

  /** The values of the other list by what they are joined on. */
  #others({ rows, left, right }: Join): ReadonlyMap<string, unknown> | null {
    const fault = left.fault ?? right.fault
    const found = fault === null ? this.evaluation.rows(rows) : ({ ok: false, message: fault } as const)
    if (!found.ok) {
      this.#notes.push(muted(`not joined: ${found.message}`))
      return null
    }
    const { list } = found
    const others = new Map<string, unknown>()
    for (let at = 0; at < list.count && !this.evaluation.isUsedUp; at++) {
      const on = joinKey(this.evaluation.read(right, list.values[at], keyAt(list, at)))
      if (on !== null && !others.has(on)) others.set(on, list.values[at])
    }
    return others
  }
}

/** Numbers and texts that look the same belong together: ids are written both ways. */
function joinKey(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

/** Where the first `count` values in order are; of equal ones the first stays first, and those that are null come last. */
function firstInOrder(count: number, values: readonly unknown[], sign: 1 | -1): Places {
  const compare = (i: number, j: number): number => compareSorted(values[i], values[j], sign)
  if (count > MAX_CHOSEN || values.length <= count * 2)
    return [...allPlaces(values.length)].sort(compare).slice(0, count)
  const first: number[] = []
  for (let at = 0; at < values.length; at++) {
    if (first.length === count && compare(at, first[count - 1] ?? at) >= 0) continue
    let [low, high] = [0, first.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(at, first[middle] ?? at) < 0) high = middle
      else low = middle + 1
    }
    first.splice(low, 0, at)
    if (first.length > count) first.pop()
  }
  return first
}

function compareSorted(a: unknown, b: unknown, sign: 1 | -1): number {
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return sign * compareValues(a, b)
}

function isSortable(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function tableBlock(items: readonly Item[], lines: readonly (readonly Cell[])[]): Block {
  const visible = items.map((item, i) => !item.onlyBad || lines.some(line => isBad(line[i] ?? NO_CELL)))
  const only = <T>(list: readonly T[]): readonly T[] => list.filter((_, i) => visible[i])
  const columns = items.map((item, i) => columnOf(item, i, lines))
  const rows = lines.map(line => line.map((cell, i) => plainCell(cell, i, columns[i])))
  return { kind: 'table', columns: only(columns), rows: rows.map(only) }
}

const NO_CELL: Cell = { text: '' }

function columnOf(item: Item, at: number, lines: readonly (readonly Cell[])[]): Column {
  const cells = lines.map(line => line[at] ?? NO_CELL)
  const numbers = cells.filter(({ value }) => value !== undefined)
  const isNumeric =
    numbers.length > 0 && cells.every(({ value, tone }) => value !== undefined || tone === 'muted')
  const unit =
    numbers.length > 0 && numbers.every(cell => cell.unit === numbers[0]?.unit) ? numbers[0]?.unit : undefined
  const isTime = unit === 'time'
  return {
    label: item.label,
    ...(isNumeric && !isTime && at > 0 ? { align: 'right' as const } : {}),
    // A column without one is important: a file gives it to those that may be dropped.
    priority: item.priority ?? 100,
    ...(item.isState && !isNumeric ? { role: 'state' as const } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(item.hasHistory && at > 0 ? { fact: factPart(item.label) } : {}),
  }
}

/** The unit is the column's where it is the same. A number in the first column is the name of its row. */
function plainCell(cell: Cell, at: number, column: Column | undefined): Cell {
  const { text, tone, value, unit } = cell
  if (at === 0 && unit === undefined && tone === undefined && value !== undefined) return { text }
  if (unit === undefined || unit !== column?.unit) return cell
  return { text, ...(value === undefined ? {} : { value }), ...(tone === undefined ? {} : { tone }) }
}

/** The numbers of columns with a history, by the name of their row. */
function rowFacts(items: readonly Item[], lines: readonly (readonly Cell[])[]): Facts {
  const facts = emptyRecord<Fact>()
  const kept = items.flatMap((item, i) => (item.hasHistory && i > 0 && isSafeName(item.label) ? [i] : []))
  if (kept.length === 0) return facts
  for (const line of lines) {
    const name = line[0]?.text ?? ''
    if (!isSafeName(name) || facts[name] !== undefined) continue
    const row = emptyRecord<Fact>()
    for (const i of kept) {
      const value = line[i]?.value
      const label = items[i]?.label
      if (value !== undefined && label !== undefined) row[label] = value
    }
    facts[name] = row
  }
  return facts
}
