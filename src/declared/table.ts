// The table of a declared panel: rows of a list or a map, joined, filtered, sorted and limited.
import { factPart } from '../automatic/table.js'
import { moreBlocks } from '../panels/cells.js'
import type { Fact, Facts } from '../panels/facts.js'
import { MISSING } from '../panels/format.js'
import type { Block, Cell, Column } from '../panels/panel.js'
import { shownText } from '../panels/text.js'
import { emptyRecord, isSafeName } from '../snapshot/value.js'
import { alertsContent } from './alert-rows.js'
import { ALERTS, type Item, type Join, type Rows } from './compile.js'
import { isBad, type PanelContent } from './content.js'
import type { Evaluation, Row } from './evaluation.js'
import type { Evaluated } from './expression.js'
import { MAX_ROWS } from './file.js'
import { compareValues } from './functions.js'
import { isFalsy, isObject } from './json-value.js'

/** With more rows, those that are not well come first. */
const MANY_ROWS = 12
const RANKS = { error: 0, warn: 1, ok: 2 } as const

/** A row that `where` keeps. */
type Kept = Row & { readonly sortValue?: unknown }
/** Up to this many rows are found without sorting all. */
const MAX_CHOSEN = 500

const muted = (text: string): Block => ({ kind: 'text', text: shownText(text), tone: 'muted' })

export function tableContent(key: string, rows: Rows, evaluation: Evaluation): PanelContent {
  return new Table(rows, evaluation).content(key)
}

class Table {
  /** What went wrong in all rows of a column. */
  readonly #columns: ReadonlyMap<Item, { isFound: boolean; why: string | null }>
  readonly #notes: Block[] = []

  constructor(
    private readonly table: Rows,
    private readonly evaluation: Evaluation,
  ) {
    this.#columns = new Map(table.columns.map(item => [item, { isFound: false, why: null }]))
  }

  content(key: string): PanelContent {
    const { columns, limit, empty } = this.table
    const found = this.evaluation.rows(this.table.rows)
    if (!found.ok) return { blocks: [muted(found.message)] }
    const kept = this.#kept(found.rows)
    const ordered = this.#ordered(kept)
    const shown = ordered.slice(0, limit)
    const lines = shown.map(row => columns.map(item => this.#cell(item, row)))
    const rest = this.#rest(ordered.slice(limit))
    if (found.more > 0) this.#notes.push(muted(`${found.more} more rows not read; at most ${MAX_ROWS} are`))
    this.#report(kept)
    const block = tableBlock(columns, lines)
    const nothing = kept.length === 0 ? [muted(empty ?? 'none')] : []
    const blocks = [block, ...nothing, ...rest, ...this.#notes]
    if (key === ALERTS) return alertsContent(columns, lines, kept.length, blocks)
    return { blocks, facts: rowFacts(columns, lines) }
  }

  #kept(rows: readonly Row[]): readonly Kept[] {
    const { where, sort, join } = this.table
    const others = join === null ? null : this.#others(join)
    const kept: Kept[] = []
    let fault: string | null = null
    for (const row of rows) {
      if (this.evaluation.isUsedUp) break
      const { value: own, key } = row
      const value = join === null || others === null ? own : this.#joined(join, others, own, key)
      if (where !== null) {
        const result = this.evaluation.evaluate(where, value, key)
        if (result.ok && isFalsy(result.value)) continue
        // A row that cannot be judged stays: it may be the one that matters.
        if (!result.ok) fault ??= result.message
      }
      // The usual row is kept as it is: a table may have tens of thousands.
      if (sort === null) {
        kept.push(value === own ? row : { value, key })
        continue
      }
      const by = this.evaluation.evaluate(sort.by, value, key)
      kept.push({ value, key, sortValue: by.ok ? by.value : null })
    }
    if (fault !== null && where !== null) {
      this.#notes.push(muted(`not all rows are filtered: ${fault}`))
      if (where.fault === null) this.evaluation.failed(where, fault)
    }
    if (sort !== null && sort.by.fault !== null) this.#notes.push(muted(`not sorted: ${sort.by.fault}`))
    return kept
  }

  /** As the file says; else rows that are not well first, where there are many. Only rows up to the limit are in order. */
  #ordered(kept: readonly Kept[]): readonly Kept[] {
    const { sort, limit } = this.table
    if (sort !== null) {
      const sign = sort.isDescending ? -1 : 1
      return sortedTo(limit, kept, (a, b) => compareSorted(a.sortValue, b.sortValue, sign))
    }
    if (kept.length <= Math.min(MANY_ROWS, limit)) return kept
    const ranked: readonly [Kept[], Kept[], Kept[]] = [[], [], []]
    for (const row of kept) ranked[RANKS[this.#worst(row) ?? 'ok']].push(row)
    return ranked.flat()
  }

  /** How many rows are not shown, with the tone of the worst of them. */
  #rest(rows: readonly Kept[]): readonly Block[] {
    const bad = rows.map(row => this.#worst(row)).filter(tone => tone !== null)
    if (bad.length === 0) return moreBlocks(rows.length, 'rows')
    const tone = bad.includes('error') ? 'error' : 'warn'
    return [
      { kind: 'text', text: `${rows.length} more rows not shown, ${bad.length} of them not well`, tone },
    ]
  }

  #worst(row: Kept): 'error' | 'warn' | null {
    let worst: 'warn' | null = null
    for (const item of this.table.columns) {
      if (!item.hasTone) continue
      const { bad, isFound, why } = this.evaluation.badness(item, row.value, row.key)
      this.#seen(item, isFound, why)
      if (bad === 'error') return 'error'
      if (bad === 'warn') worst = 'warn'
    }
    return worst
  }

  #cell(item: Item, { value, key }: Kept): Cell {
    const { cell, failure } = this.evaluation.cell(item, value, key)
    this.#seen(item, cell.text !== MISSING, failure)
    return cell
  }

  #seen(item: Item, isFound: boolean, why: string | null): void {
    const column = this.#columns.get(item)
    if (column === undefined) return
    column.isFound ||= isFound
    column.why ??= why
  }

  /** What a column finds in no row, or where it fails, is a fault. */
  #report(kept: readonly Kept[]): void {
    const { join } = this.table
    for (const [{ from }, { isFound, why }] of this.#columns) {
      if (from.fault !== null || kept.length === 0) continue
      // The other list need not have a row for any of these.
      const isOther = join !== null && from.expression?.documentMembers.has(join.as) === true
      if (why !== null) this.evaluation.failed(from, why)
      else if (!isFound && !isOther) this.evaluation.reportAbsent(from, kept)
    }
  }

  /** The values of the other list by what they are joined on. */
  #others({ rows, left, right }: Join): ReadonlyMap<string, unknown> | null {
    const fault = left.fault ?? right.fault
    const found = fault === null ? this.evaluation.rows(rows) : ({ ok: false, message: fault } as const)
    if (!found.ok) {
      this.#notes.push(muted(`not joined: ${found.message}`))
      return null
    }
    const others = new Map<string, unknown>()
    for (const { value, key } of found.rows) {
      if (this.evaluation.isUsedUp) break
      const on = joinKey(this.evaluation.evaluate(right, value, key))
      if (on !== null && !others.has(on)) others.set(on, value)
    }
    return others
  }

  #joined(
    { left, as }: Join,
    others: ReadonlyMap<string, unknown>,
    value: unknown,
    key: string | null,
  ): unknown {
    if (!isObject(value)) return value
    const on = joinKey(this.evaluation.evaluate(left, value, key))
    return { ...value, [as]: on === null ? null : (others.get(on) ?? null) }
  }
}

/** Numbers and texts that look the same belong together: ids are written both ways. */
function joinKey(result: Evaluated): string | null {
  if (!result.ok) return null
  const { value } = result
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

/** All rows; the first `count` of them are the first in order, of equal ones the first stays first. */
function sortedTo(
  count: number,
  rows: readonly Kept[],
  compare: (a: Kept, b: Kept) => number,
): readonly Kept[] {
  if (count > MAX_CHOSEN || rows.length <= count * 2) return [...rows].sort(compare)
  const first: Kept[] = []
  const rest: Kept[] = []
  for (const row of rows) {
    const last = first[first.length - 1]
    if (last !== undefined && first.length === count && compare(row, last) >= 0) {
      rest.push(row)
      continue
    }
    let [low, high] = [0, first.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = first[middle]
      if (other !== undefined && compare(row, other) < 0) high = middle
      else low = middle + 1
    }
    first.splice(low, 0, row)
    const dropped = first.length > count ? first.pop() : undefined
    if (dropped !== undefined) rest.push(dropped)
  }
  return [...first, ...rest]
}

function compareSorted(a: unknown, b: unknown, sign: 1 | -1): number {
  const [isMissingA, isMissingB] = [!isSortable(a), !isSortable(b)]
  if (isMissingA || isMissingB) return Number(isMissingA) - Number(isMissingB)
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
