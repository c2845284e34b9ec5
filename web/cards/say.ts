// What a card says in one remark instead of in fields: how many rows, and how many are not well. Pure.
import type { NumberFormat } from '../../src/display/number-text.js'
import { restOf } from '../../src/display/rest.js'
import { shownField } from '../../src/display/shown.js'
import { type Block, type Field, MISSING, type ShownPanel, shownItems } from '../state/panels.js'
import { rowTone } from './sort.js'

/** What decides which fields a card shows. */
type Shown = Pick<ShownPanel, 'blocks' | 'everKnown'>
type TableBlock = Extract<Block, { readonly kind: 'table' }>

/** Fields that count the rows of the table below them. */
const COUNTS: ReadonlySet<string> = new Set(['count', 'not well', 'not_well'])
/** Where a text was cut, maybe between two names. */
const CUT = /,? ?(…|\.\.\.)$/

/** Whether the text lists the names of the rows, `NIFTY, BANKNIFTY`: the table says them again. */
function listsRows(text: string, rows: TableBlock['rows']): boolean {
  if (rows.length === 0 || text === MISSING) return false
  const names = text.replace(CUT, '').split(', ')
  const last = names.length - 1
  return names.every((name, i) => {
    const row = rows[i]?.[0]?.text
    return row !== undefined && (i === last && CUT.test(text) ? row.startsWith(name) : row === name)
  })
}

/** All rows of the only table, those that are not shown too; null: none, or several tables. */
function countsOf(blocks: readonly Block[]): { readonly all: number; readonly notWell: number } | null {
  const tables = blocks.filter(block => block.kind === 'table')
  const [table] = tables
  if (table === undefined || tables.length > 1 || table.rows.length === 0) return null
  const rest = restOf(blocks)
  const notWell = table.rows.filter(row => rowTone(row) !== undefined).length
  return { all: table.rows.length + rest.rows, notWell: notWell + rest.notWell }
}

/** Whether the head or the table of the card says the same. */
export function isSaid({ label, text, value, tone }: Field, blocks: readonly Block[]): boolean {
  const table = blocks.find(block => block.kind === 'table')
  if (table === undefined || table.rows.length === 0) return false
  if (COUNTS.has(label.toLowerCase()) && tone !== 'warn' && tone !== 'error') {
    const counts = countsOf(blocks)
    return counts !== null && (value === counts.all || value === counts.notWell)
  }
  return value === undefined && listsRows(text, table.rows)
}

/** The fields that stand above the tables: not those that never had a value, nor those that the head or a table says. */
export function fieldsBeside({ blocks, everKnown }: Shown): readonly Field[] {
  return blocks
    .flatMap(block => (block.kind === 'fields' ? shownItems(block.items, everKnown) : []))
    .filter(item => !isSaid(item, blocks))
}

/** A count that would be the only field above a table: its head says it. */
export function loneCount(panel: Shown): Field | null {
  const tables = panel.blocks.filter(block => block.kind === 'table' && block.rows.length > 0)
  const [only, ...others] = tables.length === 1 ? fieldsBeside(panel) : []
  if (only === undefined || others.length > 0) return null
  const { value, unit, tone, fact } = only
  return Number.isInteger(value) && unit === undefined && tone === undefined && fact === undefined
    ? only
    : null
}

/** `4 rows`, `2 of 4 not well · 636 data points`; empty for a card without a table. */
export function remarkOf(panel: ShownPanel, format: NumberFormat = 'plain'): string {
  const counts = countsOf(panel.blocks)
  if (counts === null) return ''
  const { all, notWell } = counts
  const rows = notWell > 0 ? `${notWell} of ${all} not well` : all === 1 ? '' : `${all} rows`
  const lone = loneCount(panel)
  if (lone === null) return rows
  const { label, number } = shownField(lone, format, panel.key)
  return [rows, `${number} ${label.toLowerCase()}`].filter(part => part !== '').join(' · ')
}
