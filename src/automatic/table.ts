// A table of alike objects: the rows that are not well first, then as given; how many there are, and how many are not well.
import { fields, numberCell } from '../panels/cells.js'
import type { Fact, Facts } from '../panels/facts.js'
import { MISSING, plainNumber } from '../panels/format.js'
import type { Block, Cell, Column, Field, Tone } from '../panels/panel.js'
import { shownText } from '../panels/text.js'
import { isSafeName, type JsonMap } from '../snapshot/value.js'
import { type CellContext, more, nameOf, plainCell, toneOfValue, withTone } from './cells.js'
import { type AutomaticColumn, addsUp, fitsTable, learnTable, statesOf, type TablePlan } from './columns.js'
import type { Counters } from './counters.js'
import { flagOf, isBadCounter, type Surroundings, surroundingsOf } from './judge.js'
import { leavesAt, type Path } from './leaves.js'
import { ANY } from './names.js'

export const MAX_ROWS = 200
/** Longer tables begin with the rows that are not well. */
const SORTED_FROM = 12

export type Row = {
  /** The key of its map; null in a list. */
  readonly name: string | null
  readonly row: JsonMap
}

export type Table = {
  readonly blocks: readonly Block[]
  readonly facts: Facts
  readonly plan: TablePlan
  readonly hiddenRows: number
}

const RANKS: readonly (Tone | undefined)[] = [undefined, 'ok', 'info', 'warn', 'error']
const rankOf = (tone: Tone | undefined): number => Math.max(0, RANKS.indexOf(tone))

/** The state of a row: its worst tone, and the value that has it. */
type Judged = {
  readonly rank: number
  readonly path: Path | null
  readonly value: unknown
  readonly around: Surroundings
}

function judgeRow(plan: TablePlan, row: JsonMap, context: CellContext): Judged {
  const kind = plan.kind === null ? undefined : leavesAt(row, plan.kind)[0]
  const around = surroundingsOf(statesOf(plan, row), plan.hasMessage, typeof kind === 'string' ? kind : null)
  let worst: Judged = { rank: 0, path: null, value: undefined, around }
  for (const path of plan.states) {
    for (const value of leavesAt(row, path)) {
      const rank = rankOf(toneOfValue(value, path, around, context))
      if (rank > worst.rank) worst = { rank, path, value, around }
    }
  }
  return worst
}

const WARN = rankOf('warn')

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

/** A state that no column shows is said in the first column of states, or in the name. */
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
  const said = `${nameOf(judged.path)}: ${plainCell(judged.value, judged.path, context).text}`
  const tone = RANKS[judged.rank]
  if (cell !== undefined && tone !== undefined)
    cells[at] = { text: shownText(cell.text === MISSING ? said : `${cell.text} (${said})`), tone }
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

/** `key`: of the panel, for its counters. `before`: what was learned from the rows of the previous document. */
export function tableOf(
  key: string,
  rows: readonly Row[],
  before: TablePlan | null,
  context: CellContext,
  counters: Counters,
): Table {
  const hasKey = rows[0]?.name !== null
  const objects = rows.map(({ row }) => row)
  const fits = before !== null && fitsTable(before, objects, objects.slice(0, MAX_ROWS))
  const plan = fits ? before : learnTable(objects, hasKey, context)
  const judged = rows.map(({ row }) => judgeRow(plan, row, context))
  const notWell = judged.reduce((sum, { rank }) => (rank >= WARN ? sum + 1 : sum), 0)
  const order = rows.map((_, at) => at)
  if (rows.length > SORTED_FROM) {
    const urgency = (at: number): number => Math.max(WARN - 1, judged[at]?.rank ?? 0)
    order.sort((a, b) => urgency(b) - urgency(a) || a - b)
  }
  const { columns } = plan
  const shown = order.slice(0, MAX_ROWS).flatMap((at): (readonly Cell[])[] => {
    const [given, state] = [rows[at], judged[at]]
    if (given === undefined || state === undefined) return []
    const cells = columns.map(column => cellOf(column, given.row, state.around, context))
    const name = given.name ?? cells[0]?.text ?? ''
    columns.forEach(({ kind, label }, i) => {
      const value = cells[i]?.value
      if (kind !== 'number' || value === undefined || !isBadCounter(label)) return
      if (counters.isRising(`${key}\u0000${name}\u0000${label}`, value))
        cells[i] = withTone(cells[i] ?? { text: MISSING }, 'warn')
    })
    if (given.name !== null) cells.unshift({ text: shownText(given.name) || MISSING })
    withHidden(cells, columns, state, context)
    return [cells.map((cell, i) => withoutUnit(cell, columns[hasKey ? i - 1 : i]))]
  })
  const made = columns.map((column, i) => columnOf(column, 90 - i * 5))
  const all: readonly Column[] = hasKey ? [{ label: keyLabel(columns), priority: 100 }, ...made] : made
  const summary: Field[] = [
    { label: 'count', ...numberCell(rows.length, plainNumber(rows.length)), fact: 'count' },
  ]
  if (plan.states.length > 0)
    summary.push({ label: 'not well', ...numberCell(notWell, plainNumber(notWell)), fact: 'not_well' })
  const hiddenRows = rows.length - shown.length
  return {
    blocks: [
      fields(...summary.map(field => (field.value === 0 || field.label === 'count' ? muted(field) : field))),
      { kind: 'table', columns: all, rows: shown },
      ...more(hiddenRows, 'row'),
      ...more(plan.omitted, 'column'),
      ...more(plan.secrets, 'possible secret'),
    ],
    facts: Object.fromEntries<Fact>([
      ['count', rows.length],
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

/** The unit stands in the head of the column. */
function withoutUnit(cell: Cell, column: AutomaticColumn | undefined): Cell {
  if (cell.unit === undefined || cell.unit !== column?.unit) return cell
  const { unit: _, ...rest } = cell
  return rest
}

function keyLabel(columns: readonly AutomaticColumn[]): string {
  return columns.some(({ label }) => label.toLowerCase() === 'name') ? 'key' : 'name'
}
