// A table in a given width. Long texts are clipped first (never below 24 columns), then whole columns are dropped, lowest priority
// first: half a number is worse than none. Numbers end in the same column, with marks behind them.
import { MISSING } from '../../../panels/format.js'
import type { Cell, Column } from '../../../panels/panel.js'
import { displayWidth } from '../../../panels/text.js'
import { toneMark } from './glyphs.js'
import { blank, clipRun, type Line, type Role, type Run, run } from './run.js'

const GAP = 2
/** Texts are clipped to this width before columns are dropped. */
export const COMFORTABLE = 24

export type Table = { readonly columns: readonly Column[]; readonly rows: readonly (readonly Cell[])[] }

type Room = {
  readonly index: number
  readonly column: Column
  readonly text: number
  /** Blank and mark. */
  readonly mark: number
}

export function cellRole(cell: Cell): Role {
  if (cell.tone !== undefined) return cell.tone
  return cell.text === MISSING ? 'muted' : 'text'
}

function roomsOf({ columns, rows }: Table, clip: number): Room[] {
  return columns.map((column, index) => {
    let text = displayWidth(column.label)
    let mark = 0
    for (const row of rows) {
      const cell = row[index]
      if (cell === undefined) continue
      text = Math.max(text, displayWidth(cell.text))
      if (toneMark(cell.tone) !== '') mark = 2
    }
    return { index, column, text: Math.min(text, clip), mark }
  })
}

function widthOf(rooms: readonly Room[]): number {
  return rooms.reduce((sum, { text, mark }) => sum + text + mark, GAP * Math.max(0, rooms.length - 1))
}

function smallest({ column, text }: Room): number {
  return column.align === 'right' ? text : Math.min(text, COMFORTABLE)
}

/** The columns that fit, with their widths; together at most `width`. */
function fittedRooms(table: Table, width: number, clip: number): Room[] {
  let rooms = roomsOf(table, clip)
  const least = (): number => rooms.reduce((sum, room) => sum - room.text + smallest(room), widthOf(rooms))
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
    const text = Math.max(floor, room.text - excess)
    excess -= room.text - text
    return { ...room, text }
  })
}

function push(line: Run[], part: Run, room: Room, mark: string, role: Role): void {
  const shown = clipRun(part, room.text)
  const missing = room.text - shown.width
  const right = room.column.align === 'right'
  if (right && missing > 0) line.push(blank(missing))
  if (shown.width > 0) line.push(shown)
  if (mark !== '') line.push(run(` ${mark}`, role))
  const after = (right ? 0 : missing) + room.mark - (mark === '' ? 0 : 2)
  if (after > 0) line.push(blank(after))
}

/** The header and a line for each row, at most `width` wide (wider if not even one column fits); none without rows. */
export function tableLines(table: Table, width: number, clip: number): Line[] {
  if (table.rows.length === 0) return []
  const rooms = fittedRooms(table, width, clip)
  const line = (add: (line: Run[], room: Room) => void): Line => {
    const made: Run[] = []
    rooms.forEach((room, i) => {
      if (i > 0) made.push(blank(GAP))
      add(made, room)
    })
    return made
  }
  return [
    line((made, room) => push(made, run(room.column.label, 'label'), room, '', 'label')),
    ...table.rows.map(row =>
      line((made, room) => {
        const cell = row[room.index] ?? { text: '' }
        const role = cellRole(cell)
        push(made, run(cell.text, role), room, toneMark(cell.tone), role)
      }),
    ),
  ]
}

export type Widths = {
  /** The width with all columns, long texts clipped. */
  readonly least: number
  /** The width without clipping. */
  readonly natural: number
}

export function tableWidths(table: Table, clip: number): Widths {
  if (table.rows.length === 0) return { least: 0, natural: 0 }
  const rooms = roomsOf(table, clip)
  return { least: widthOf(rooms.map(room => ({ ...room, text: smallest(room) }))), natural: widthOf(rooms) }
}
