// What a card says in one remark instead of in fields: how many rows, and how many are not well. Pure.
import { type Block, type Field, MISSING, type ShownPanel } from '../state/panels.js'
import { rowTone } from './sort.js'

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

/** Whether the head or the table of the card says the same. */
export function isSaid({ label, text, value, tone }: Field, tables: readonly TableBlock[]): boolean {
  const [table] = tables
  if (table === undefined || table.rows.length === 0) return false
  if (COUNTS.has(label.toLowerCase()) && tone !== 'warn' && tone !== 'error')
    return value === table.rows.length || value === notWellIn(table)
  return value === undefined && listsRows(text, table.rows)
}

function notWellIn({ rows }: TableBlock): number {
  return rows.filter(row => rowTone(row) !== undefined).length
}

/** `4 rows`, `2 of 4 not well`; empty for a card without a table. */
export function remarkOf({ blocks }: ShownPanel): string {
  const tables = blocks.filter(block => block.kind === 'table')
  const [table] = tables
  if (table === undefined || tables.length > 1 || table.rows.length === 0) return ''
  const bad = notWellIn(table)
  if (bad > 0) return `${bad} of ${table.rows.length} not well`
  return table.rows.length === 1 ? '' : `${table.rows.length} rows`
}
