// The one rendering of blocks that every surface shares, and the tone that follows from them.
//
// Fields are `label: text`; tables are columns aligned by display width under a header row; a cell (or field, or text) of
// tone warn is followed by ` !`, of tone error by ` !!`, so that colour is never the only sign.
import { MISSING } from './format.js'
import type { Block, Cell, Column, Panel, Tone } from './panel.js'
import { displayWidth } from './text.js'

const GAP = '  '
const MARKS: Readonly<Record<Tone, string>> = { error: ' !!', warn: ' !', info: '', ok: '', muted: '' }
const WORST_FIRST: readonly Tone[] = ['error', 'warn', 'info', 'ok', 'muted']

function markOf(tone: Tone | undefined): string {
  return tone === undefined ? '' : MARKS[tone]
}

/** What a column needs: room for its widest text and, apart from it, for its longest mark. */
type Room = { readonly text: number; readonly mark: number }

const EMPTY_CELL: Cell = { text: '' }

/** The mark follows the text at once; in a right-aligned column the numbers still end in the same column. */
function padded(text: string, mark: string, room: Room, right: boolean): string {
  const missing = room.text - displayWidth(text)
  if (right) return `${' '.repeat(missing)}${text}${mark}${' '.repeat(room.mark - mark.length)}`
  return `${text}${mark}${' '.repeat(missing + room.mark - mark.length)}`
}

function tableLines(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string[] {
  if (rows.length === 0) return []
  const rooms = columns.map((column, i): Room => {
    let text = displayWidth(column.label)
    let mark = 0
    for (const row of rows) {
      const cell = row[i]
      if (cell === undefined) continue
      text = Math.max(text, displayWidth(cell.text))
      mark = Math.max(mark, markOf(cell.tone).length)
    }
    return { text, mark }
  })
  const line = (cellOf: (i: number) => Cell): string => {
    const parts = columns.map((column, i) => {
      const cell = cellOf(i)
      return padded(cell.text, markOf(cell.tone), rooms[i] ?? { text: 0, mark: 0 }, column.align === 'right')
    })
    return parts.join(GAP).trimEnd()
  }
  const header = line(i => ({ text: columns[i]?.label ?? '' }))
  return [header, ...rows.map(row => line(i => row[i] ?? EMPTY_CELL))]
}

/** The lines of blocks; a table without rows has none. */
export function linesOf(blocks: readonly Block[]): string[] {
  const lines: string[] = []
  for (const block of blocks) {
    if (block.kind === 'text') lines.push(`${block.text}${markOf(block.tone)}`)
    else if (block.kind === 'table')
      for (const line of tableLines(block.columns, block.rows)) lines.push(line)
    else for (const { label, text, tone } of block.items) lines.push(`${label}: ${text}${markOf(tone)}`)
  }
  return lines
}

function rankOf(cell: Cell): number {
  return WORST_FIRST.indexOf(cell.tone ?? (cell.text === MISSING ? 'muted' : 'ok'))
}

/**
 * The worst tone of all cells: error, warn, info, ok, muted. A cell without a tone counts as ok, or as muted when its
 * value is missing; so a panel in which nothing is known is muted, and so is an empty one.
 */
export function toneOf(blocks: readonly Block[]): Tone {
  let worst = WORST_FIRST.length - 1
  const consider = (cell: Cell): void => {
    worst = Math.min(worst, rankOf(cell))
  }
  for (const block of blocks) {
    if (block.kind === 'text') consider(block)
    else if (block.kind === 'fields') block.items.forEach(consider)
    else for (const row of block.rows) row.forEach(consider)
  }
  return WORST_FIRST[worst] ?? 'muted'
}

export function makePanel(key: string, title: string, blocks: readonly Block[]): Panel {
  return { key, title, tone: toneOf(blocks), blocks, lines: linesOf(blocks) }
}
