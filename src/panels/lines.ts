// Renders blocks as the lines that every surface shares, and derives the tone of a panel.
//
// Fields are `label: text`, or `label=text` where the block says so; tables are columns aligned by display width under a header row. ` !` follows a cell, field or text of
// tone warn, ` !!` one of tone error, so that colour is never the only sign.
import type { Facts } from './facts.js'
import { MISSING } from './format.js'
import type { Block, Cell, Column, Panel, Tone } from './panel.js'
import { displayWidth } from './text.js'

const GAP = '  '
const MARKS: Readonly<Record<Tone, string>> = { error: ' !!', warn: ' !', info: '', ok: '', muted: '' }
const WORST_FIRST: readonly Tone[] = ['error', 'warn', 'info', 'ok', 'muted']

function markOf(tone: Tone | undefined): string {
  return tone === undefined ? '' : MARKS[tone]
}

const EMPTY_CELL: Cell = { text: '' }

/**
 * The width of a column. Right-aligned columns reserve room for marks behind the texts, so that all numbers end in the same
 * column; in left-aligned columns (`mark` 0) the mark is part of the text.
 */
type Room = { readonly text: number; readonly mark: number }

/** A cell's text with its width and its mark. */
type Measured = { readonly text: string; readonly width: number; readonly mark: string }

function measured({ text, tone }: Cell): Measured {
  return { text, width: displayWidth(text), mark: markOf(tone) }
}

function roomOf(column: Column, cells: readonly Measured[]): Room {
  let text = 0
  let mark = 0
  for (const cell of cells) {
    if (column.align === 'right') {
      text = Math.max(text, cell.width)
      mark = Math.max(mark, cell.mark.length)
    } else text = Math.max(text, cell.width + cell.mark.length)
  }
  return { text, mark }
}

function padded({ text, width, mark }: Measured, column: Column, room: Room): string {
  const missing = room.text - width
  if (column.align === 'right') return `${' '.repeat(missing)}${text}${mark.padEnd(room.mark)}`
  return `${text}${mark}${' '.repeat(missing - mark.length)}`
}

/** Builds the lines column by column, so that each cell is measured once. */
function tableLines(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string[] {
  if (rows.length === 0) return []
  const lines = ['', ...rows.map(() => '')]
  columns.forEach((column, i) => {
    const cells = [measured({ text: column.label })]
    for (const row of rows) cells.push(measured(row[i] ?? EMPTY_CELL))
    const room = roomOf(column, cells)
    cells.forEach((cell, at) => {
      lines[at] += i === 0 ? padded(cell, column, room) : GAP + padded(cell, column, room)
    })
  })
  return lines.map(line => line.trimEnd())
}

/** The lines of blocks; a table without rows has none. */
export function linesOf(blocks: readonly Block[]): string[] {
  const lines: string[] = []
  for (const block of blocks) {
    if (block.kind === 'text') lines.push(`${block.text}${markOf(block.tone)}`)
    else if (block.kind === 'table')
      for (const line of tableLines(block.columns, block.rows)) lines.push(line)
    else {
      const between = block.separator ?? ': '
      for (const { label, text, tone } of block.items) lines.push(`${label}${between}${text}${markOf(tone)}`)
    }
  }
  return lines
}

function rankOf(cell: Cell): number {
  return WORST_FIRST.indexOf(cell.tone ?? (cell.text === MISSING ? 'muted' : 'ok'))
}

/**
 * The worst tone of all cells: error, warn, info, ok, muted. A cell without a tone counts as ok, or as muted when its value is
 * missing. A panel without any value is therefore muted.
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

export function makePanel(key: string, title: string, blocks: readonly Block[], facts?: Facts): Panel {
  const panel = { key, title, tone: toneOf(blocks), blocks, lines: linesOf(blocks) }
  return facts === undefined ? panel : { ...panel, facts }
}
