// The blocks of a panel as lines of a given width, with two columns before them for the marks of rows. Roomy: fields in columns.
// Dense: fields and texts one after the other, for screens with few rows. Whole: everything that the panel holds, for a panel that
// fills the screen.
import { groupsOf } from '../../../display/groups.js'
import { restOf } from '../../../display/rest.js'
import { isNotWell, notWellFirst } from '../../../display/shape.js'
import type { Block, Field, Panel } from '../../../panels/panel.js'
import { displayWidth } from '../../../panels/text.js'
import { type FieldsContext, fieldLines, fieldPiece, fieldsWidth, gutter, isKnown } from './fields.js'
import { rowMark, TONE_MARKS } from './glyphs.js'
import { hasMessages, messageLines, messagePieces, messagesWidth } from './messages.js'
import { remarkOf } from './remark.js'
import { blank, clipRun, fitLine, type Line, lineWidth, type Run, run, wrapText } from './run.js'
import { COMFORTABLE, rowPiece, sortedRows, tableLines, tableWidths, type Widths } from './table.js'
import { GUTTER } from './title.js'
import type { Trends } from './trends.js'
import { cellRole, type Writing } from './values.js'

export type Density = 'roomy' | 'dense' | 'whole'

export type ContentContext = Writing & { readonly trends: Trends }

const ITEM_GAP = 3
const GROUP_GAP = 2
/** The least width of a group of values next to others. */
const GROUP_COLUMNS = 22
const NO_WIDTH: Widths = { least: 0, natural: 0 }

const NAMED_VALUE = /^([\w.-]+)=(\S.*)$/

/** Texts such as `api_ms=100.60` are fields. */
function asField(block: Block): Field | null {
  if (block.kind !== 'text' || block.tone !== undefined) return null
  const [, label, text] = NAMED_VALUE.exec(block.text) ?? []
  if (label === undefined || text === undefined) return null
  const value = Number(text)
  return Number.isFinite(value) ? { label, text, value } : { label, text }
}

/** Neighbouring fields as one block. */
function joinedFields(blocks: readonly Block[], keeps: (item: Field) => boolean): readonly Block[] {
  const made: Block[] = []
  for (const block of blocks) {
    const field = asField(block)
    const items = field !== null ? [field] : block.kind === 'fields' ? block.items : null
    if (items === null) {
      made.push(block)
      continue
    }
    const kept = items.filter(keeps)
    const last = made.at(-1)
    if (last?.kind === 'fields') made[made.length - 1] = { kind: 'fields', items: [...last.items, ...kept] }
    else if (kept.length > 0) made.push({ kind: 'fields', items: kept })
  }
  return made
}

type Shown = { readonly blocks: readonly Block[]; readonly remark: string }

/** The blocks without the fields that the title says, unless nothing else is left. */
function shownOf(panel: Panel, context: FieldsContext, isWhole: boolean): Shown {
  const remark = remarkOf(panel, context.format, isWhole)
  if (isWhole) return { blocks: joinedFields(panel.blocks, () => true), remark: remark.text }
  const isSaid = ({ label, tone }: Field): boolean => !isNotWell(tone) && remark.replaces.has(label)
  const blocks = joinedFields(panel.blocks, item => !isSaid(item) && isKnown(item, context))
  if (blocks.length > 0 || remark.text === '') return { blocks, remark: remark.text }
  return { blocks: joinedFields(panel.blocks, item => isKnown(item, context)), remark: '' }
}

function textLines(
  { text, tone }: { text: string; tone?: Field['tone'] },
  width: number,
  isWhole: boolean,
): Line[] {
  const role = cellRole({ text, ...(tone && { tone }) })
  const room = Math.max(1, width - GUTTER)
  const parts = isWhole || tone === 'error' ? wrapText(text, room) : [clipRun(run(text), room).text]
  return parts.map((part, at) => [...gutter(at === 0 ? rowMark(tone) : '', role), run(part, role)])
}

/** The values of sinks: a group for each, side by side where there is room. */
function groupLines(block: Block, width: number, context: FieldsContext): readonly Line[] | null {
  const groups = groupsOf(block, context.panel)
  if (groups === null) return null
  const given = groups.map(({ title, items }) => ({
    title: title ?? '',
    items: items.map(({ field, label, unit }) => ({ field, words: { label, unit } })),
  }))
  const least = Math.max(GROUP_COLUMNS, ...given.map(({ items }) => fieldsWidth(items, context)))
  const fit = Math.max(1, Math.min(given.length, Math.floor((width + GROUP_GAP) / (least + GROUP_GAP))))
  const column = Math.floor((width - GROUP_GAP * (fit - 1)) / fit)
  const drawn = given.map(({ title, items }) => [
    [blank(GUTTER), run(title, 'strong')],
    ...fieldLines(items, column, context),
  ])
  const lines: Line[] = []
  for (let from = 0; from < drawn.length; from += fit) {
    const nearby = drawn.slice(from, from + fit)
    const rows = Math.max(...nearby.map(({ length }) => length))
    for (let row = 0; row < rows; row++) {
      lines.push(
        nearby.flatMap(
          (group, i): Line => [...(i === 0 ? [] : [blank(GROUP_GAP)]), ...fitLine(group[row] ?? [], column)],
        ),
      )
    }
  }
  return lines
}

function blockLines(block: Block, width: number, context: FieldsContext, isWhole: boolean): readonly Line[] {
  if (block.kind === 'text') return textLines(block, width, isWhole)
  if (block.kind === 'fields')
    return fieldLines(
      block.items.map(field => ({ field })),
      width,
      context,
    )
  if (block.rows.length === 0) return []
  if (hasMessages(block) && (!isWhole || tableWidths(block, context).natural > width))
    return messageLines(block, width, context, isWhole)
  return (isWhole ? null : groupLines(block, width, context)) ?? tableLines(block, width, context)
}

/** Fields and texts as pieces of a line; what is not well first. */
function pieces(block: Block, context: FieldsContext): readonly Line[] {
  if (block.kind === 'fields')
    return notWellFirst(block.items, ({ tone }) => tone).map(item => fieldPiece(item, context))
  if (block.kind === 'text') {
    const role = cellRole(block)
    const mark = rowMark(block.tone)
    return [[...(mark === '' ? [] : gutter(mark, role)), clipRun(run(block.text, role), context.clip)]]
  }
  if (hasMessages(block)) return messagePieces(block, context)
  return sortedRows(block.rows).map(row => rowPiece(block, row, context))
}

function flowed(items: readonly Line[], width: number): Line[] {
  const lines: Line[] = []
  let line: Run[] = []
  let used = 0
  for (const item of items) {
    const wide = lineWidth(item)
    if (line.length > 0 && used + ITEM_GAP + wide > width) {
      lines.push(line)
      line = []
      used = 0
    }
    if (line.length > 0) {
      line.push(blank(ITEM_GAP))
      used += ITEM_GAP
    }
    line.push(...item)
    used += wide
  }
  return line.length > 0 ? [...lines, line] : lines
}

const MARKS: ReadonlySet<string> = new Set(Object.values(TONE_MARKS))

function isMarked([first]: Line): boolean {
  return first !== undefined && MARKS.has(first.text)
}

function denseLines(blocks: readonly Block[], width: number, context: FieldsContext): readonly Line[] {
  const lines: Line[] = []
  let waiting: Line[] = []
  const flush = (): void => {
    // A line that begins with a mark has it in the first columns.
    for (const line of flowed(waiting, width - GUTTER))
      lines.push(isMarked(line) ? line : [blank(GUTTER), ...line])
    waiting = []
  }
  for (const block of blocks) {
    if (block.kind === 'table' || (block.kind === 'text' && block.tone === 'error')) {
      flush()
      lines.push(...blockLines(block, width, context, false))
    } else waiting.push(...pieces(block, context))
  }
  flush()
  return lines
}

export type Content = {
  readonly lines: readonly Line[]
  readonly remark: string
  /** How many lines more there would be if the panel had all its rows instead of a note about them. */
  readonly leftOut: number
}

function leftOutOf(blocks: readonly Block[]): number {
  const { rows } = restOf(blocks)
  return rows === 0 ? 0 : rows - (blocks.length - 1 - blocks.findLastIndex(({ kind }) => kind !== 'text'))
}

/** Lines of exactly `width` columns each. */
export function contentOf(panel: Panel, width: number, density: Density, given: ContentContext): Content {
  const context = { ...given, panel: panel.key }
  const isWhole = density === 'whole'
  const { blocks, remark } = shownOf(panel, context, isWhole)
  const lines =
    density === 'dense'
      ? denseLines(blocks, width, context)
      : blocks.flatMap(block => blockLines(block, width, context, isWhole))
  return { lines: lines.map(line => fitLine(line, width)), remark, leftOut: leftOutOf(blocks) }
}

/** Everything on one line, as far as it fits. */
export function summaryLine(panel: Panel, width: number, given: ContentContext): Line {
  const context = { ...given, panel: panel.key }
  const { blocks } = shownOf(panel, context, false)
  const items = blocks.flatMap(block => pieces(block, context))
  if (items.length === 0) return fitLine([run('none', 'label')], width)
  // What does not fit as a whole is left out.
  const line: Run[] = []
  let used = 0
  for (const item of items) {
    const gap = line.length === 0 ? 0 : ITEM_GAP
    const wide = lineWidth(item)
    if (line.length > 0 && used + gap + wide > width) break
    if (gap > 0) line.push(blank(gap))
    line.push(...item)
    used += gap + wide
  }
  return fitLine(line, width)
}

function wider(a: Widths, b: Widths): Widths {
  return { least: Math.max(a.least, b.least), natural: Math.max(a.natural, b.natural) }
}

/** What the layout asks of a panel's content. */
export type Measures = Widths & {
  /** A table or messages: it needs a wide column. */
  readonly isWide: boolean
  /** Nothing to show. */
  readonly isEmpty: boolean
}

export function measuresOf(panel: Panel, given: ContentContext): Measures {
  const context = { ...given, panel: panel.key }
  const { blocks } = shownOf(panel, context, false)
  const widths = blocks
    .map((block): Widths => {
      if (block.kind === 'text') {
        const width = GUTTER + Math.min(displayWidth(block.text), given.clip)
        return { least: Math.min(width, GUTTER + COMFORTABLE), natural: width }
      }
      if (block.kind === 'fields') {
        const width = fieldsWidth(
          block.items.map(field => ({ field })),
          context,
        )
        return { least: Math.min(width, COMFORTABLE * 2), natural: width }
      }
      if (!hasMessages(block)) return tableWidths(block, context)
      const width = messagesWidth(block, context)
      return { least: Math.min(width, COMFORTABLE * 2), natural: width }
    })
    .reduce(wider, NO_WIDTH)
  const tables = blocks.filter(block => block.kind === 'table' && block.rows.length > 0)
  return {
    ...widths,
    isWide: tables.some(
      block =>
        block.kind === 'table' &&
        (hasMessages(block) || block.columns.length > 3 || groupsOf(block, panel.key) !== null),
    ),
    isEmpty: blocks.every(block => block.kind === 'table' && block.rows.length === 0),
  }
}
