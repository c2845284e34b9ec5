// Panels made of plain values: a title with fields, a table or a text. The library's boards and the server's own panels
// (`g6 serve --panels`) take what these functions return.
import { isSafeName } from '../snapshot/value.js'
import { field, numberCell, textCell } from './cells.js'
import { MISSING, plainNumber } from './format.js'
import { type Block, type Cell, type Column, TONES, type Tone } from './panel.js'
import { MESSAGE_WIDTH, shownText } from './text.js'

/** What a panel shows. Its tone and its lines follow from the blocks. */
export type Content = { readonly title: string; readonly blocks: readonly Block[] }

/** A number is shown with two decimals at most; give `{ text, value }` to show it in another way, `tone` to mark it. */
export type Value =
  | string
  | number
  | boolean
  | null
  | { readonly text: string; readonly value?: number; readonly tone?: Tone }

const MAX_FIELDS = 1_000
const MAX_COLUMNS = 50
const MAX_ROWS = 10_000
const KEY = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/

/** Usable in ids, addresses, metrics and file names. */
export const isPanelKey = (key: string): boolean => KEY.test(key) && isSafeName(key)

export const PANEL_KEY_RULE = 'a letter, then up to 63 letters, digits, ".", "_" or "-"'

function cellOf(value: Value, place: string): Cell {
  if (value === null) return { text: MISSING }
  if (typeof value === 'string') return textCell(value)
  if (typeof value === 'number') return numberCell(Number.isFinite(value) ? value : null, plainNumber(value))
  if (typeof value === 'boolean') return { text: String(value) }
  if (typeof value !== 'object' || typeof value.text !== 'string') {
    throw new TypeError(`${place} must be a text, a number, a boolean, null or { text, value, tone }`)
  }
  const { text, value: number, tone } = value
  if (tone !== undefined && !TONES.includes(tone)) {
    throw new TypeError(`${place} has the tone "${tone}"; allowed: ${TONES.join(', ')}`)
  }
  return number === undefined ? textCell(text, tone) : numberCell(number, shownText(text), tone)
}

function titled(title: string, blocks: readonly Block[]): Content {
  if (typeof title !== 'string' || title.trim() === '') {
    throw new TypeError('a panel needs a title: give a text that is not blank')
  }
  return { title: shownText(title), blocks }
}

function atMost(count: number, most: number, what: string): void {
  if (count > most) throw new RangeError(`${what}: ${count} given, ${most} are allowed; show fewer`)
}

/** `label: value`, one line each. */
export function fields(title: string, values: Readonly<Record<string, Value>>): Content {
  const entries = Object.entries(values)
  atMost(entries.length, MAX_FIELDS, `fields of "${title}"`)
  const items = entries.map(([label, value]) => field(label, cellOf(value, `"${label}" of "${title}"`)))
  return titled(title, [{ kind: 'fields', items }])
}

/** A column in which every value is a number is aligned to the right, unless it says otherwise. */
export function table(
  title: string,
  columns: readonly (string | Column)[],
  rows: readonly (readonly Value[])[],
): Content {
  atMost(columns.length, MAX_COLUMNS, `columns of "${title}"`)
  atMost(rows.length, MAX_ROWS, `rows of "${title}"`)
  const cells = rows.map((row, at) => {
    if (row.length !== columns.length) {
      throw new TypeError(
        `row ${at + 1} of "${title}" has ${row.length} values for ${columns.length} columns; give one for each, null where there is none`,
      )
    }
    return row.map((value, i) => cellOf(value, `row ${at + 1}, column ${i + 1} of "${title}"`))
  })
  const made = columns.map((given, i): Column => {
    const column = typeof given === 'string' ? { label: given } : given
    const isNumeric = cells.length > 0 && cells.every(row => row[i]?.value !== undefined)
    const align = column.align ?? (isNumeric ? 'right' : undefined)
    return { ...column, label: shownText(column.label), ...(align && { align }) }
  })
  return titled(title, [{ kind: 'table', columns: made, rows: cells }])
}

/** One line for each line of the text. */
export function text(title: string, lines: string, tone?: Tone): Content {
  const each = lines.split('\n')
  atMost(each.length, MAX_ROWS, `lines of "${title}"`)
  const blocks = each.map(
    (line): Block => ({ kind: 'text', text: shownText(line, MESSAGE_WIDTH), ...(tone && { tone }) }),
  )
  return titled(title, blocks)
}
