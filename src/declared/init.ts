// The automatic board of a document as a board file to edit: the same panels, each field and column with its expression.
import { type AutomaticBoard, automaticBoard } from '../automatic/board.js'
import { addsUp } from '../automatic/columns.js'
import type { PanelOutline } from '../automatic/drafts.js'
import { conditionsOf, type Path } from '../automatic/leaves.js'
import { ANY } from '../automatic/names.js'
import type { Column, Panel } from '../panels/panel.js'
import { PANELS } from '../panels/registry.js'
import type { JsonMap } from '../snapshot/value.js'
import { isObject } from './json-value.js'

export type InitOptions = {
  /** Lines of the `[source]` table. */
  readonly source: readonly string[]
  /** For the first line of the file, where editors look. */
  readonly schema: string
  readonly nowMs: number
}

const NONE: ReadonlySet<string> = new Set()

/** The text of a board file (TOML) for this document. */
export function boardFileOf(document: JsonMap, { source, schema, nowMs }: InitOptions): string {
  const reserved = new Set(PANELS.map(({ key }) => key))
  const board = automaticBoard(document, { skip: NONE, reserved, nowMs, timezone: 'UTC' })
  const tables = board.panels.map((panel, i) => panelLines(document, panel, board.outlines[i], board))
  return [
    `#:schema ${schema}`,
    '# A board file: `g6 board check FILE` names its mistakes, `g6 serve --board FILE` serves it.',
    '# A field or a column takes more: unit = "ms", warn = "> 10s", error = "< 3", history = true, tones = { ok = ["fine"] }.',
    '',
    '# verdict = "status"   # an expression for the state of the whole; default: the worst of what is shown',
    '',
    ...source,
    '',
    ...tables.flatMap(lines => (lines === null ? [] : [...lines, ''])),
    '[auto]',
    'off = true              # false: members that no panel here reads get panels too',
    '',
  ].join('\n')
}

function panelLines(
  document: JsonMap,
  panel: Panel,
  outline: PanelOutline | undefined,
  board: AutomaticBoard,
): readonly string[] | null {
  if (outline === undefined) return null
  const head = ['[[panel]]', `title = ${quoted(panel.title)}`, `key = ${quoted(panel.key)}`]
  if (outline.fields.length > 0) {
    const items = outline.fields.map(({ label, path }) => {
      const history = isTrend(panel, label) ? ', history = true' : ''
      return `  { label = ${quoted(label)}, from = ${quoted(pathText(path, document))}${history} },`
    })
    return [...head, 'fields = [', ...items, ']']
  }
  const table = tableLines(document, panel, outline.path, board)
  return table === null ? null : [...head, ...table]
}

function isTrend({ blocks }: Panel, label: string): boolean {
  const [block] = blocks
  return block?.kind === 'fields' && block.items.some(item => item.label === label && item.fact !== undefined)
}

function tableLines(
  document: JsonMap,
  panel: Panel,
  path: Path,
  board: AutomaticBoard,
): readonly string[] | null {
  const plan = board.memory.plans.get(path.join('\u0000'))
  const block = panel.blocks.find(each => each.kind === 'table')
  if (plan === undefined || block?.kind !== 'table') return null
  const whole = valueAt(document, path)
  const only = Array.isArray(whole) && whole.length === 1 ? (whole as readonly unknown[])[0] : null
  // The automatic board reads a list with one map as the map.
  const isWrapped = isObject(only) && block.columns.length > plan.columns.length
  const rows = isWrapped ? only : whole
  const sample = isObject(rows)
    ? Object.values(rows)
    : Array.isArray(rows)
      ? (rows as readonly unknown[])
      : []
  const hasKey = block.columns.length > plan.columns.length
  const keys = hasKey ? [`  { label = ${quoted(block.columns[0]?.label ?? 'name')}, from = "@key" },`] : []
  const columns = plan.columns.map((column, i) => {
    const shown = block.columns[hasKey ? i + 1 : i]
    const row = sample.find(each => valueAt(each, column.path.slice(0, 1)) !== undefined)
    const from = pathText(column.path, row)
    const wanted = column.path.includes(ANY)
      ? addsUp(lastName(column.path))
        ? `sum(${from})`
        : `${from} | [0]`
      : from
    return `  { label = ${quoted(column.label)}, from = ${quoted(wanted)}${columnMore(shown)} },`
  })
  const from = pathText(path, document)
  return [`rows = ${quoted(isWrapped ? `${from}[0]` : from)}`, 'columns = [', ...keys, ...columns, ']']
}

function columnMore(column: Column | undefined): string {
  const priority = column?.priority === undefined ? '' : `, priority = ${column.priority}`
  return column?.fact === undefined ? priority : `${priority}, history = true`
}

function lastName(path: Path): string {
  return path.findLast(part => part !== ANY) ?? ''
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/

/** A path as an expression. `value`: where it begins, which tells lists from maps. */
function pathText(path: Path, value: unknown): string {
  let text = ''
  let at: unknown = value
  for (const part of path) {
    if (part === ANY) {
      const map = isObject(at) ? at : null
      text += map !== null ? (text === '' ? '*' : '.*') : '[]'
      at =
        map !== null ? Object.values(map)[0] : Array.isArray(at) ? (at as readonly unknown[])[0] : undefined
      continue
    }
    if (Array.isArray(at) && conditionsOf(at) !== null)
      return `${text}[?type == '${part.replace(/['\\]/g, '\\$&')}'].status | [0]`
    // A list with one object is read as the object.
    if (Array.isArray(at)) {
      text += '[0]'
      at = (at as readonly unknown[])[0]
    }
    const name = PLAIN.test(part) ? part : JSON.stringify(part)
    text += text === '' ? name : `.${name}`
    at = valueAt(at, [part])
  }
  return text === '' ? '@' : text
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const part of path) {
    if (!isObject(at) || !Object.hasOwn(at, part)) return undefined
    at = at[part]
  }
  return at
}

/** TOML strings are those of JSON, but for U+007F. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f')
}
