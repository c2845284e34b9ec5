// A table in a given width: rows that are not well on top with their mark before them, numbers that end in one column, a trend after
// the first column, and a gauge before shares of 100. When it is narrow, long texts are clipped first (never below 24 columns), then
// whole columns are dropped, lowest priority first: half a number is worse than none.
import { factId } from '../../../display/series.js'
import { isNotWell, toneRank } from '../../../display/shape.js'
import { shownCell, shownColumn } from '../../../display/shown.js'
import { MISSING } from '../../../panels/format.js'
import type { Cell, Column, Tone } from '../../../panels/panel.js'
import { displayWidth } from '../../../panels/text.js'
import { type FieldsContext, GAUGE_COLUMNS, gaugeRuns, gutter } from './fields.js'
import { rowMark } from './glyphs.js'
import { blank, clipRun, type Line, lineWidth, type Role, type Run, run } from './run.js'
import { GUTTER } from './title.js'
import { cellRole, dated } from './values.js'

const GAP = 2
/** Gaps grow to this when there is room. */
const WIDE_GAP = 5
/** Texts are clipped to this width before columns are dropped. */
export const COMFORTABLE = 24
const MIN_TREND = 8
const TREND = 16
const WIDE_TREND = 60
/** From this width on the trend takes what is left. */
const WIDE = 110
const SPAN = '15 min'

export type Table = { readonly columns: readonly Column[]; readonly rows: readonly (readonly Cell[])[] }

type Text = { readonly number: Run; readonly unit: Run | null; readonly width: number }

type Room = {
  readonly index: number
  readonly column: Column
  readonly label: string
  readonly texts: readonly Text[]
  readonly width: number
  readonly isGauged: boolean
}

/** The worst tone of a row that a person should see. */
export function rowTone(row: readonly Cell[]): Tone | undefined {
  let worst: Tone | undefined
  for (const { tone } of row) {
    if (tone === 'error') return tone
    if (tone === 'warn' || (tone === 'info' && worst === undefined)) worst = tone
  }
  return worst
}

/** What is not well first, each in its order. */
export function sortedRows(rows: Table['rows']): Table['rows'] {
  if (!rows.some(row => isNotWell(rowTone(row)))) return rows
  const rank = (row: readonly Cell[]): number => Math.min(2, toneRank(rowTone(row)))
  return rows
    .map(row => ({ row, rank: rank(row) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ row }) => row)
}

/** A share of 100 that is a level, not a change. */
function isShare(unit: string, cells: readonly Cell[]): boolean {
  return (
    unit === '%' &&
    cells.every(
      ({ text, value }) =>
        text === MISSING || (value !== undefined && value >= 0 && value <= 100 && !/^[+−-]/.test(text)),
    )
  )
}

/** The words of a head with the unit; the key itself where it is shorter and has no more signs of a key than words. */
function headOf(
  column: Column,
  panel: string,
  isShort: boolean,
): { readonly label: string; readonly unit: string } {
  const { label: words, unit } = shownColumn(column, panel)
  const label = unit === '' ? words : `${words} ${unit}`
  const isShorter = isShort && column.label.length < label.length && !column.label.includes('_')
  return { label: isShorter ? column.label : label, unit }
}

function roomOf(table: Table, index: number, context: FieldsContext, isShort: boolean): Room {
  const column = table.columns[index] ?? { label: '' }
  const { label, unit } = headOf(column, context.panel, isShort)
  const cells = table.rows.map((row): Cell => {
    const cell = row[index] ?? { text: '' }
    return dated(
      column.unit === 'time' && cell.unit === undefined ? { ...cell, unit: 'time' } : cell,
      context,
    )
  })
  let widest = 0
  const texts = cells.map((cell): Text => {
    const { number, unit: own } = shownCell(cell, column, context.format, context.panel)
    const shown = run(number, cellRole(cell))
    const after = own === '' ? null : run(own, 'label')
    const width = shown.width + (after === null ? 0 : 1 + after.width)
    widest = Math.max(widest, width)
    return { number: shown, unit: after, width }
  })
  const width = Math.min(Math.max(widest, displayWidth(label)), context.clip)
  return { index, column, label, texts, width, isGauged: isShare(unit, cells) }
}

function widthOf(rooms: readonly Room[]): number {
  return rooms.reduce((sum, { width }) => sum + width, GUTTER + GAP * Math.max(0, rooms.length - 1))
}

function smallest({ column, width }: Room): number {
  return column.align === 'right' ? width : Math.min(width, COMFORTABLE)
}

/** The columns that fit, with their widths; together at most `width`. */
function fittedRooms(all: readonly Room[], width: number): readonly Room[] {
  let rooms = all
  const least = (): number => rooms.reduce((sum, room) => sum - room.width + smallest(room), widthOf(rooms))
  while (rooms.length > 1 && least() > width) {
    const lowest = Math.min(...rooms.map(({ column }) => column.priority ?? 0))
    const dropped = rooms.findLast(({ column }) => (column.priority ?? 0) === lowest)
    rooms = rooms.filter(room => room !== dropped)
  }
  const only = rooms.length === 1
  let excess = widthOf(rooms) - width
  return rooms.map(room => {
    if (excess <= 0) return room
    const floor = only ? 1 : smallest(room)
    const shown = Math.max(floor, room.width - excess)
    excess -= room.width - shown
    return { ...room, width: shown }
  })
}

/** The id of a row's fact. */
function idOf(panel: string, row: readonly Cell[], fact: string): string {
  return `${factId(panel, row[0]?.text ?? '')}.${fact}`
}

/** The fact that the trend of each row shows: that of the most important column that has one. */
function trendFact(table: Table, rooms: readonly Room[], { panel, trends }: FieldsContext): string | null {
  const ranked = rooms
    .filter(({ index }) => index > 0)
    .sort((a, b) => (b.column.priority ?? 0) - (a.column.priority ?? 0))
  for (const { column } of ranked) {
    const { fact } = column
    if (fact === undefined) continue
    if (table.rows.some(row => trends.has(idOf(panel, row, fact)))) return fact
  }
  return null
}

/** What the room next to the texts is used for. */
type Spread = { readonly trend: number; readonly gauge: boolean; readonly gap: number; readonly rest: number }

function spreadOf(rooms: readonly Room[], width: number, wantsTrend: boolean): Spread {
  let left = width - widthOf(rooms)
  let trend = 0
  if (wantsTrend && left >= MIN_TREND + GAP) {
    trend = Math.min(left - GAP, TREND)
    left -= trend + GAP
  }
  const gauges = rooms.filter(({ isGauged }) => isGauged).length * (GAUGE_COLUMNS + GAP)
  const gauge = gauges > 0 && left >= gauges
  if (gauge) left -= gauges
  if (trend > 0 && width >= WIDE) {
    const more = Math.min(left, WIDE_TREND - trend)
    trend += more
    left -= more
  }
  const gaps = rooms.length - 1 + (trend > 0 ? 1 : 0)
  // Words that follow each other stay together; numbers stand apart.
  const isSpread = rooms.some(({ column }) => column.align === 'right')
  const wider = isSpread && gaps > 0 ? Math.min(WIDE_GAP - GAP, Math.floor(left / gaps)) : 0
  return { trend, gauge, gap: GAP + wider, rest: Math.max(0, left - wider * gaps) }
}

type Arranged = { readonly rooms: readonly Room[]; readonly fact: string | null; readonly spread: Spread }

/** With short heads where long ones would cost a column or the trend. */
function arranged(table: Table, width: number, context: FieldsContext): Arranged {
  const arrangedWith = (isShort: boolean): Arranged => {
    const all = table.columns.map((_, i) => roomOf(table, i, context, isShort))
    const rooms = fittedRooms(all, width)
    const fact = trendFact(table, rooms, context)
    return { rooms, fact, spread: spreadOf(rooms, width, fact !== null) }
  }
  const long = arrangedWith(false)
  const isWhole = long.rooms.length === table.columns.length && (long.fact === null || long.spread.trend > 0)
  return isWhole ? long : arrangedWith(true)
}

function push(line: Run[], shown: Run, after: Run | null, room: Room): void {
  const number = clipRun(shown, Math.max(1, room.width - (after === null ? 0 : after.width + 1)))
  const used = number.width + (after === null ? 0 : after.width + 1)
  const missing = Math.max(0, room.width - used)
  const right = room.column.align === 'right'
  if (right && missing > 0) line.push(blank(missing))
  if (number.width > 0) line.push(number)
  if (after !== null) line.push(blank(1), after)
  if (!right && missing > 0) line.push(blank(missing))
}

function firstRole(tone: Tone | undefined): Role | null {
  return tone === 'error' || tone === 'warn' ? tone : null
}

/** The header and a line for each row, at most `width` wide (wider if not even one column fits); none without rows. */
export function tableLines(given: Table, width: number, context: FieldsContext): Line[] {
  if (given.rows.length === 0) return []
  const table = { columns: given.columns, rows: sortedRows(given.rows) }
  const { rooms, fact, spread } = arranged(table, width, context)
  const { trend, gauge, gap, rest } = spread
  const firstRight = rooms.findIndex(({ column }, i) => i > 0 && column.align === 'right')
  const line = (
    before: readonly Run[],
    afterFirst: () => Line,
    add: (line: Run[], room: Room) => void,
  ): Line => {
    const made: Run[] = [...before]
    rooms.forEach((room, i) => {
      if (i > 0) made.push(blank(gap + (i === firstRight ? rest : 0)))
      add(made, room)
      if (i === 0 && trend > 0) made.push(blank(gap), ...afterFirst())
    })
    return made
  }
  const head = clipRun(run(SPAN, 'label'), trend)
  const lines = [
    line(
      [blank(GUTTER)],
      () => [head, blank(trend - head.width)],
      (made, room) => {
        if (gauge && room.isGauged) made.push(blank(GAUGE_COLUMNS + GAP))
        push(made, run(room.label, 'label'), null, room)
      },
    ),
  ]
  table.rows.forEach((row, at) => {
    const tone = rowTone(row)
    const cellOf = (room: Room): Cell => row[room.index] ?? { text: '' }
    const end = firstRole(tone) ?? 'text'
    const factUnit = rooms.find(({ column }) => column.fact === fact)?.column.unit ?? ''
    lines.push(
      line(
        gutter(rowMark(tone), tone === 'error' ? 'errorRule' : (tone ?? 'text')),
        () => context.trends.line(idOf(context.panel, row, fact ?? ''), factUnit, trend, end),
        (made, room) => {
          const cell = cellOf(room)
          const { number, unit } = room.texts[at] ?? { number: run(''), unit: null }
          if (gauge && room.isGauged) {
            const bar = gaugeRuns(cell.value, cell.tone === undefined ? 'trend' : cellRole(cell))
            made.push(...(bar ?? [blank(GAUGE_COLUMNS)]), blank(GAP))
          }
          const role = room.index === 0 ? (firstRole(tone) ?? number.role) : number.role
          push(made, role === number.role ? number : { ...number, role }, unit, room)
        },
      ),
    )
  })
  return lines
}

export type Widths = {
  /** The width with all columns, long texts clipped. */
  readonly least: number
  /** The width without clipping. */
  readonly natural: number
}

export function tableWidths(table: Table, context: FieldsContext): Widths {
  if (table.rows.length === 0) return { least: 0, natural: 0 }
  const rooms = table.columns.map((_, i) => roomOf(table, i, context, false))
  return { least: widthOf(rooms.map(room => ({ ...room, width: smallest(room) }))), natural: widthOf(rooms) }
}

/** A row as a piece of a line: its name, then what is not well, else its first values. */
export function rowPiece(table: Table, row: readonly Cell[], context: FieldsContext): Line {
  const tone = rowTone(row)
  const bad = row.filter((cell, i) => i > 0 && isNotWell(cell.tone))
  const shown = bad.length > 0 ? bad : row.slice(1, 3).filter(({ text }) => text !== MISSING)
  const mark = rowMark(tone)
  const name = run(row[0]?.text ?? '', firstRole(tone) ?? 'text')
  const values = shown.flatMap((cell): Line => {
    const column = table.columns[row.indexOf(cell)] ?? { label: '' }
    const head = shownColumn(column, context.panel)
    const { number, unit } = shownCell(dated(cell, context), column, context.format, context.panel)
    const after = unit === '' && cell.value !== undefined ? head.unit : unit
    return [blank(1), run(number, cellRole(cell)), ...(after === '' ? [] : [blank(1), run(after, 'label')])]
  })
  const piece = [
    ...(mark === '' ? [] : gutter(mark, cellRole({ text: '', ...(tone && { tone }) }))),
    name,
    ...values,
  ]
  return lineWidth(piece) > context.clip
    ? [clipRun(run(piece.map(({ text }) => text).join(''), 'text'), context.clip)]
    : piece
}
