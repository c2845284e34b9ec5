// Fields in columns: label, trend, value. Values end in one column, and what is not well is on top with its mark before it.
import type { Label } from '../../../display/label.js'
import { factId } from '../../../display/series.js'
import { notWellFirst } from '../../../display/shape.js'
import { type ShownField, shownField } from '../../../display/shown.js'
import { MISSING } from '../../../panels/format.js'
import type { Field } from '../../../panels/panel.js'
import { GAUGE, rowMark } from './glyphs.js'
import { blank, clipRun, fitLine, type Line, lineWidth, narrowRun, type Role, type Run, run } from './run.js'
import { GUTTER } from './title.js'
import { moves, type Trends } from './trends.js'
import { cellRole, dated, valueRuns, type Writing } from './values.js'

export type FieldsContext = Writing & { readonly panel: string; readonly trends: Trends }

/** The least width of a column of fields; between columns of fields. */
const COLUMN = 36
const COLUMN_GAP = 2
const MAX_COLUMNS = 4
/** Between a label, its trend and its value. */
const GAP = 2
const MIN_TREND = 8
const MAX_TREND = 30
/** Columns of a field that are not for its trend, before the trend grows beyond its least width. */
const BESIDE_TREND = 36
export const GAUGE_COLUMNS = 8

/** The mark of a row in its first columns. */
export function gutter(mark: string, role: Role): readonly Run[] {
  return mark === '' ? [blank(GUTTER)] : [run(mark, role), blank(1)]
}

/** A bar for a share of 100; null for what is no such share. */
export function gaugeRuns(value: number | undefined, role: Role): readonly Run[] | null {
  if (value === undefined || value < 0 || value > 100) return null
  const full = Math.round((value / 100) * GAUGE_COLUMNS)
  const bar: Run[] = []
  if (full > 0) bar.push(narrowRun(GAUGE.full.repeat(full), role))
  if (full < GAUGE_COLUMNS) bar.push(narrowRun(GAUGE.empty.repeat(GAUGE_COLUMNS - full), 'rule'))
  return bar
}

/** A field and its words, where they are not its own. */
export type FieldItem = { readonly field: Field; readonly words?: Label }

type Measured = {
  readonly field: Field
  readonly shown: ShownField
  readonly label: Run
  readonly value: Line
  readonly valueWidth: number
}

function measured({ field: given, words }: FieldItem, context: FieldsContext): Measured {
  const field = dated(given, context)
  const shown = shownField(field, context.format, context.panel, words)
  const value = valueRuns(field, shown, context.clip, context.clip)
  return { field, shown, label: run(shown.label, 'label'), value, valueWidth: lineWidth(value) }
}

function naturalWidth({ label, valueWidth }: Measured): number {
  return GUTTER + label.width + GAP + valueWidth
}

const byNumber = (of: readonly Measured[], width: (of: Measured) => number): number =>
  of.reduce((widest, each) => Math.max(widest, width(each)), 0)

function columnCount(items: readonly Measured[], width: number): number {
  const widest = Math.max(COLUMN, byNumber(items, naturalWidth))
  const fit = Math.floor((width + COLUMN_GAP) / (widest + COLUMN_GAP))
  return Math.max(1, Math.min(MAX_COLUMNS, items.length, fit))
}

/** The id of a field's fact; null without one. */
function idOf({ fact }: Field, panel: string): string | null {
  return fact === undefined ? null : `${factId(panel)}.${fact}`
}

type Rooms = {
  readonly width: number
  readonly label: number
  readonly value: number
  readonly trend: number
}

function middle({ field, shown }: Measured, rooms: Rooms, context: FieldsContext): readonly Run[] {
  const { tone, value } = field
  const { unit } = shown
  if (rooms.trend < MIN_TREND) return []
  const id = idOf(field, context.panel)
  if (id === null)
    return unit === '%' ? (gaugeRuns(value, tone === undefined ? 'trend' : cellRole(field)) ?? []) : []
  const isDrawn = context.trends.has(id) && moves(id, context.trends)
  return isDrawn ? context.trends.line(id, unit, rooms.trend, cellRole(field)) : []
}

/** One field, exactly `rooms.width` columns. */
function fieldRuns(of: Measured, rooms: Rooms, context: FieldsContext): Line {
  const { field, shown, valueWidth } = of
  const mark = rowMark(field.tone)
  const label = clipRun(of.label, rooms.label)
  const line: Run[] = [
    ...gutter(mark, field.tone === 'error' ? 'errorRule' : cellRole(field)),
    label,
    blank(rooms.label - label.width),
  ]
  const left = rooms.width - lineWidth(line)
  const value =
    valueWidth + GAP <= left ? of.value : valueRuns(field, shown, context.clip, Math.max(1, left - GAP))
  const between = left - lineWidth(value)
  const bar = middle(of, rooms, context)
  if (bar.length === 0 || between < lineWidth(bar) + 2 * GAP)
    return fitLine([...line, blank(Math.max(0, between)), ...value], rooms.width)
  return fitLine([...line, blank(GAP), ...bar, blank(between - GAP - lineWidth(bar)), ...value], rooms.width)
}

/** A missing value that was never known is not shown. */
export function isKnown(field: Field, { panel, trends }: Pick<FieldsContext, 'panel' | 'trends'>): boolean {
  if (field.text !== MISSING) return true
  const id = idOf(field, panel)
  return id !== null && trends.has(id)
}

/** The fields down the first column, then down the second. */
export function fieldLines(
  items: readonly FieldItem[],
  width: number,
  context: FieldsContext,
): readonly Line[] {
  const shown = notWellFirst(items, ({ field }) => field.tone).map(item => measured(item, context))
  if (shown.length === 0) return []
  const columns = columnCount(shown, width)
  const rows = Math.ceil(shown.length / columns)
  const column = Math.floor((width - COLUMN_GAP * (columns - 1)) / columns)
  const value = byNumber(shown, ({ valueWidth }) => valueWidth)
  const room = Math.max(Math.floor((column - GUTTER) / 2), column - GUTTER - value - GAP)
  const label = Math.min(
    byNumber(shown, of => of.label.width),
    Math.max(1, room),
  )
  const left = column - GUTTER - label - value - 2 * GAP
  const trend = Math.min(left, MAX_TREND, Math.max(MIN_TREND, column - BESIDE_TREND))
  return Array.from({ length: rows }, (_, row) => {
    const line: Run[] = []
    for (let at = 0; at < columns; at++) {
      const of = shown[at * rows + row]
      const isLast = at === columns - 1
      const room = isLast ? width - at * (column + COLUMN_GAP) : column
      if (at > 0) line.push(blank(COLUMN_GAP))
      if (of === undefined) line.push(blank(room))
      else line.push(...fieldRuns(of, { width: room, label, value, trend }, context))
    }
    return line
  })
}

/** The preferred width of one column of these fields. */
export function fieldsWidth(items: readonly FieldItem[], context: FieldsContext): number {
  return byNumber(
    items.map(item => measured(item, context)),
    naturalWidth,
  )
}

/** A field as a piece of a line with others: `▲ Success rate 61.8 %`. */
export function fieldPiece(field: Field, context: FieldsContext): Line {
  const { label, value } = measured({ field }, context)
  const mark = rowMark(field.tone)
  return [...(mark === '' ? [] : gutter(mark, cellRole(field))), label, blank(1), ...value]
}
