// A table of alike objects: the rows that are not well first, then as given; how many there are, and how many are not well.
//
// Every row is judged, so a cycle costs what the states of all rows cost: a few look-ups a row, and no objects, texts or patterns for
// it (row-judge.ts). Only the rows that are shown get cells. The columns are looked for only when the rows no longer fit the plan.
import { fields, numberCell } from '../panels/cells.js'
import type { Fact, Facts } from '../panels/facts.js'
import { MISSING, plainNumber } from '../panels/format.js'
import type { Block, Cell, Column, Field, Tone } from '../panels/panel.js'
import { shownText } from '../panels/text.js'
import { isSafeName, type JsonMap } from '../snapshot/value.js'
import { type CellContext, more, nameOf, plainCell, toneOfValue, withTone } from './cells.js'
import { type AutomaticColumn, addsUp, fitsTable, learnTable, type TablePlan } from './columns.js'
import type { Counters } from './counters.js'
import { flagOf, isBadCounter, type Surroundings } from './judge.js'
import { leavesAt, type Path } from './leaves.js'
import { ANY } from './names.js'
import { type Judged, RANKS, RowJudge, rankOf, WARN } from './row-judge.js'

export const MAX_ROWS = 200
/** Longer tables begin with the rows that are not well. */
const SORTED_FROM = 12

export type Rows = {
  /** The keys of their map; null in a list. */
  readonly names: readonly string[] | null
  readonly objects: readonly JsonMap[]
}

export type Table = {
  readonly blocks: readonly Block[]
  readonly facts: Facts
  readonly plan: TablePlan
  readonly hiddenRows: number
}

function numberOfMany(values: readonly unknown[], path: Path, context: CellContext): Cell {
  const isAdded = addsUp(nameOf(path))
  if (!isAdded || !values.every(value => typeof value === 'number'))
    return { text: `${values.length} values` }
  return plainCell(
    values.reduce((sum: number, value) => sum + Number(value), 0),
    path,
    context,
  )
}

/** Of several states the worst; of several numbers the sum, where they add up. */
function cellOf(
  { path, kind }: AutomaticColumn,
  row: JsonMap,
  around: Surroundings,
  context: CellContext,
): Cell {
  const values = leavesAt(row, path)
  const [first] = values
  if (first === undefined) return { text: MISSING }
  if (kind === 'state') {
    let worst: { readonly value: unknown; readonly tone: Tone | undefined } | null = null
    for (const value of values) {
      const tone = toneOfValue(value, path, around, context)
      if (worst === null || rankOf(tone) > rankOf(worst.tone)) worst = { value, tone }
    }
    const flags = values.map(flagOf)
    const text =
      values.length > 1 && !flags.includes(null)
        ? `${flags.filter(flag => flag === true).length} of ${flags.length}`
        : plainCell(worst?.value ?? first, path, context).text
    return withTone({ text }, worst?.tone)
  }
  if (values.length > 1) return numberOfMany(values, path, context)
  const cell = plainCell(first, path, context)
  return kind === 'name' && cell.value !== undefined ? { text: cell.text } : cell
}

/** A state that no column shows is written in the first column of states, or in the name. */
function withHidden(
  cells: Cell[],
  columns: readonly AutomaticColumn[],
  judged: Judged,
  context: CellContext,
): void {
  if (judged.rank < WARN || judged.path === null) return
  if (cells.some(({ tone }) => rankOf(tone) >= judged.rank)) return
  const found = columns.findIndex(({ kind }) => kind === 'state')
  const at = Math.max(0, found) + (cells.length - columns.length)
  const cell = cells[at]
  const stateText = `${nameOf(judged.path)}: ${plainCell(judged.value, judged.path, context).text}`
  const tone = RANKS[judged.rank]
  if (cell !== undefined && tone !== undefined)
    cells[at] = { text: shownText(cell.text === MISSING ? stateText : `${cell.text} (${stateText})`), tone }
}

function columnOf({ kind, label, unit, path }: AutomaticColumn, priority: number): Column {
  if (kind === 'state') return { label, priority, role: 'state' }
  if (kind === 'number') {
    const fact = path.includes(ANY) || !isSafeName(label) ? {} : { fact: factPart(label) }
    return { label, align: 'right', priority, ...(unit === undefined ? {} : { unit }), ...fact }
  }
  return unit === undefined ? { label, priority } : { label, priority, unit }
}

/** A part of the id of a fact. */
export function factPart(name: string): string {
  return name.replace(/[%./,]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

const OWN_FACTS: ReadonlySet<string> = new Set(['count', 'not_well'])

/** The numbers of the rows by the row's name and the column's label, where both are unambiguous. */
function factsOf(columns: readonly Column[], rows: readonly (readonly Cell[])[]): readonly [string, Fact][] {
  const names = new Map<string, number>()
  for (const [first] of rows) names.set(first?.text ?? '', (names.get(first?.text ?? '') ?? 0) + 1)
  return rows.flatMap((cells): [string, Fact][] => {
    const name = cells[0]?.text ?? MISSING
    if (name === MISSING || names.get(name) !== 1 || !isSafeName(name) || OWN_FACTS.has(name)) return []
    const numbers = columns.flatMap(({ label, fact }, i): [string, number][] => {
      const value = cells[i]?.value
      return fact === undefined || value === undefined ? [] : [[label, value]]
    })
    return numbers.length === 0 ? [] : [[name, Object.fromEntries(numbers)]]
  })
}

/** The rows that are shown: where there are many, those that are not well first; and how many are not well. */
function judgedRows(objects: readonly JsonMap[], judge: RowJudge) {
  const [failing, warned, others]: readonly [number[], number[], number[]] = [[], [], []]
  let notWell = 0
  for (let at = 0; at < objects.length; at++) {
    const row = objects[at]
    if (row === undefined) continue
    const { rank } = judge.judge(row)
    if (rank >= WARN) notWell++
    const list = objects.length <= SORTED_FROM || rank < WARN ? others : rank > WARN ? failing : warned
    if (list.length < MAX_ROWS) list.push(at)
  }
  return { shown: [...failing, ...warned, ...others].slice(0, MAX_ROWS), notWell }
}

/** How many rows are not shown; where those that are not well are too many, how many of these. */
function restBlocks(count: number, notWell: number): readonly Block[] {
  if (notWell === 0) return more(count, 'row')
  return [{ kind: 'text', text: `${count} more rows not shown, ${notWell} of them not well`, tone: 'warn' }]
}

/** `key`: of the panel, for its counters. `before`: what was learned from the rows of the previous document. */
export function tableOf(
  key: string,
  { names, objects }: Rows,
  before: TablePlan | null,
  context: CellContext,
  counters: Counters,
): Table {
  const hasKey = names !== null
  const first = objects.slice(0, MAX_ROWS)
  const fits = before !== null && fitsTable(before, objects, first)
  const plan = fits ? before : learnTable(objects, first, hasKey, context)
  const { columns } = plan
  const judge = new RowJudge(plan, context)
  const { shown: order, notWell } = judgedRows(objects, judge)
  const shown = order.flatMap((at): (readonly Cell[])[] => {
    const row = objects[at]
    if (row === undefined) return []
    const state = judge.judge(row)
    const cells = columns.map(column => cellOf(column, row, state.around, context))
    const given = names?.[at] ?? null
    const name = given ?? cells[0]?.text ?? ''
    columns.forEach(({ kind, label }, i) => {
      const value = cells[i]?.value
      if (kind !== 'number' || value === undefined || !isBadCounter(label)) return
      if (counters.isRising(`${key}\u0000${name}\u0000${label}`, value))
        cells[i] = withTone(cells[i] ?? { text: MISSING }, 'warn')
    })
    if (given !== null) cells.unshift({ text: shownText(given) || MISSING })
    withHidden(cells, columns, state, context)
    return [cells.map((cell, i) => withoutUnit(cell, columns[hasKey ? i - 1 : i]))]
  })
  const made = columns.map((column, i) => columnOf(column, 90 - i * 5))
  const all: readonly Column[] = hasKey ? [{ label: keyLabel(columns), priority: 100 }, ...made] : made
  const summary: Field[] = [
    { label: 'count', ...numberCell(objects.length, plainNumber(objects.length)), fact: 'count' },
  ]
  if (plan.states.length > 0)
    summary.push({ label: 'not well', ...numberCell(notWell, plainNumber(notWell)), fact: 'not_well' })
  const hiddenRows = objects.length - shown.length
  return {
    blocks: [
      fields(...summary.map(field => (field.value === 0 || field.label === 'count' ? muted(field) : field))),
      { kind: 'table', columns: all, rows: shown },
      ...restBlocks(hiddenRows, Math.max(0, notWell - MAX_ROWS)),
      ...more(plan.omitted, 'column'),
      ...more(plan.secrets, 'possible secret'),
    ],
    facts: Object.fromEntries<Fact>([
      ['count', objects.length],
      ...(plan.states.length > 0 ? [['not_well', notWell] as [string, Fact]] : []),
      ...factsOf(all, shown),
    ]),
    plan,
    hiddenRows,
  }
}

/** A count says nothing about how it is. */
function muted(field: Field): Field {
  return { ...field, tone: 'muted' }
}

/** The unit is in the head of the column. */
function withoutUnit(cell: Cell, column: AutomaticColumn | undefined): Cell {
  if (cell.unit === undefined || cell.unit !== column?.unit) return cell
  const { unit: _, ...rest } = cell
  return rest
}

function keyLabel(columns: readonly AutomaticColumn[]): string {
  return columns.some(({ label }) => label.toLowerCase() === 'name') ? 'key' : 'name'
}
