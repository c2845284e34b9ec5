// Plots in the rows that panels leave free: the rows of the first table together as changes, or each by itself where there is room
// for four; otherwise single numbers, what is not well first.

import { rangeOf, spanOf, spanText } from '../../../display/range.js'
import { factId } from '../../../display/series.js'
import { isNotWell, notWellFirst } from '../../../display/shape.js'
import { shownCell, shownColumn, shownField } from '../../../display/shown.js'
import { clockTime } from '../../../panels/format.js'
import type { Panel } from '../../../panels/panel.js'
import type { Spare } from '../layout/layout.js'
import type { ContentContext } from './content.js'
import type { Block } from './grid.js'
import { LEAST_PLOT, type PlotLine, plotLines } from './plot.js'
import { fitLine, type Line, type Role } from './run.js'
import { titleLine } from './title.js'
import { moves } from './trends.js'

/** Rows with the title from which on there is a plot. */
export const LEAST_ROWS = 12
const MOST_ROWS = 18
const GAP_ROWS = 1
const GAP_COLUMNS = 4
/** Lines on one scale. */
const MOST_LINES = 6
/** From this size on the rows of a table have a plot each. */
const FOUR = { width: 110, height: 2 * LEAST_ROWS + GAP_ROWS } as const

/** A number with a line. */
type Source = {
  readonly id: string
  readonly title: string
  /** Its value now. */
  readonly text: string
  readonly unit: string
  readonly role: Role
}

function fieldSources(panels: readonly Panel[], context: ContentContext): readonly Source[] {
  const fields = panels.flatMap(panel =>
    panel.blocks.flatMap(block =>
      block.kind === 'fields' ? block.items.map(field => ({ panel, field })) : [],
    ),
  )
  const known = notWellFirst(fields, ({ field }) => field.tone).flatMap(({ panel, field }): Source[] => {
    const id = `${factId(panel.key)}.${field.fact ?? ''}`
    if (field.fact === undefined || !context.trends.has(id)) return []
    const { label, number, unit } = shownField(field, context.format, panel.key)
    const role = field.tone === 'error' || field.tone === 'warn' ? field.tone : 'text'
    const text = unit === '' ? number : `${number} ${unit}`
    return [{ id, title: `${panel.title}: ${label}`, text, unit: unit.replace(/ ago$/, ''), role }]
  })
  return known.filter(
    ({ id, role }) => isNotWell(role === 'text' ? undefined : 'warn') || moves(id, context.trends),
  )
}

type Rows = {
  readonly panel: Panel
  readonly label: string
  readonly unit: string
  readonly sources: readonly Source[]
}

/** Numbers that stand still are compared where they are amounts; a constant count of each row says nothing. */
function saysMuch({ unit, text }: Source): boolean {
  return unit !== '' || /\d\.\d/.test(text)
}

/** The rows of the first table whose column has lines that say something. */
function tableSources(panels: readonly Panel[], context: ContentContext): Rows | null {
  for (const panel of panels) {
    for (const block of panel.blocks) {
      if (block.kind !== 'table') continue
      const at = block.columns.findIndex(
        ({ fact }) =>
          fact !== undefined &&
          block.rows.some(row => context.trends.has(`${factId(panel.key, row[0]?.text ?? '')}.${fact}`)),
      )
      const column = block.columns[at]
      if (column === undefined) continue
      const { label, unit } = shownColumn(column, panel.key)
      const sources = block.rows.flatMap((row): Source[] => {
        const [name, cell] = [row[0]?.text ?? '', row[at]]
        const id = `${factId(panel.key, name)}.${column.fact ?? ''}`
        if (cell === undefined || !context.trends.has(id)) return []
        return [
          {
            id,
            title: name,
            text: shownCell(cell, column, context.format, panel.key).number,
            unit,
            role: 'text',
          },
        ]
      })
      const shown = sources.slice(0, MOST_LINES)
      if (!shown.some(source => saysMuch(source) || moves(source.id, context.trends))) continue
      return { panel, label, unit, sources: shown }
    }
  }
  return null
}

/** Change in per cent since the first known value; the values themselves where there is no such base. */
function changes(points: readonly (number | null)[]): readonly (number | null)[] | null {
  const base = points.find(point => point !== null)
  if (base === undefined || base === null || base <= 0) return null
  return points.map(point => (point === null ? null : ((point - base) / base) * 100))
}

function lastOf(points: readonly (number | null)[]): number | null {
  return points.findLast(point => point !== null) ?? null
}

type Plot = {
  readonly title: string
  readonly remark: string
  readonly lines: readonly PlotLine[]
  readonly unit: string
  readonly isChange: boolean
  readonly spanSec: number
}

function spanFor(sources: readonly Source[], { trends }: ContentContext): number {
  return spanOf(Math.max(...sources.map(({ id }) => trends.knownSec(id))))
}

function signedText(value: number): string {
  const text = Math.abs(value).toFixed(2)
  return Number(text) === 0 ? text : `${value > 0 ? '+' : '−'}${text}`
}

/** Several lines as changes on one scale. */
function changePlot(sources: readonly Source[], title: string | null, context: ContentContext): Plot {
  const { trends, nowMs, timezone } = context
  const spanSec = spanFor(sources, context)
  const since = clockTime(nowMs - spanSec * 1000, timezone)
  const isChange = sources.every(
    ({ id, unit }) => unit === '' && changes(trends.points(id, spanSec, 60)) !== null,
  )
  const lines = sources.map((source, i): PlotLine => {
    const points = (count: number): readonly (number | null)[] => {
      const values = trends.points(source.id, spanSec, count)
      return isChange ? (changes(values) ?? values) : values
    }
    const last = lastOf(points(60))
    const value = isChange && last !== null ? signedText(last) : source.text
    const label = sources.length === 1 ? (isChange ? `${value} %` : value) : `${source.title} ${value}`
    return { label, role: sources.length > 1 ? (i === 0 ? 'info' : 'trend') : source.role, points }
  })
  const [first] = sources
  const isOne = sources.length === 1
  return {
    title: isOne ? (first?.title ?? '') : `${title ?? ''}: change since ${since}`,
    remark: isOne ? (first?.text ?? '') : `${spanText(spanSec)}, one scale`,
    lines,
    unit: isChange ? '%' : (first?.unit ?? ''),
    isChange,
    spanSec,
  }
}

/** One line in its own unit. */
function numberPlot(source: Source, context: ContentContext): Plot {
  const { trends } = context
  const spanSec = spanFor([source], context)
  const points = (count: number): readonly (number | null)[] => trends.points(source.id, spanSec, count)
  const isFromZero = rangeOf(points(60), source.unit)?.isZeroBased === true
  return {
    title: source.title,
    remark: `${spanText(spanSec)}${isFromZero ? ', from 0' : ''}`,
    lines: [{ label: source.text, role: source.role, points }],
    unit: source.unit,
    isChange: false,
    spanSec,
  }
}

function drawn(
  plot: Plot,
  width: number,
  height: number,
  { nowMs, timezone, format }: ContentContext,
): readonly Line[] {
  const at = (ago: number): string => clockTime(nowMs - ago * 1000, timezone)
  const body = plotLines(
    plot.lines,
    {
      unit: plot.unit,
      isChange: plot.isChange,
      times: [at(plot.spanSec), at(plot.spanSec / 2), 'now'],
      numberFormat: format,
      grid: 'rule',
    },
    width,
    height - 1,
  )
  if (body.length === 0) return []
  return [
    titleLine({ title: plot.title, tone: 'muted', focused: false, remark: plot.remark }, width),
    ...body.map(line => fitLine(line, width)),
  ]
}

/** Plots below each other, or in two columns, that fill the rows. */
function stacked(
  plots: readonly Plot[],
  { x, y, width, height }: Spare,
  columns: number,
  context: ContentContext,
): readonly Block[] {
  const rows = Math.ceil(plots.length / columns)
  const tall = Math.min(MOST_ROWS, Math.floor((height - GAP_ROWS * (rows - 1)) / rows))
  const wide = Math.floor((width - GAP_COLUMNS * (columns - 1)) / columns)
  return plots.map((plot, i) => ({
    x: x + (i % columns) * (wide + GAP_COLUMNS),
    y: y + Math.floor(i / columns) * (tall + GAP_ROWS),
    width: wide,
    lines: drawn(plot, wide, tall, context),
  }))
}

/** Blocks for the spare rows of the columns; none where nothing is known for a minute. */
export function plotBlocks(
  spares: readonly Spare[],
  panels: readonly Panel[],
  context: ContentContext,
): readonly Block[] {
  if (spares.every(({ width, height }) => height < LEAST_ROWS || width < LEAST_PLOT.columns)) return []
  const table = tableSources(panels, context)
  const fields = [...fieldSources(panels, context)]
  let isTableFree = table !== null
  return spares.flatMap((spare): readonly Block[] => {
    const { width, height } = spare
    if (height < LEAST_ROWS || width < LEAST_PLOT.columns) return []
    if (table !== null && isTableFree) {
      isTableFree = false
      const [each, columns] = width >= FOUR.width ? [table.sources, 2] : [[], 1]
      if (each.length > 1 && height >= FOUR.height)
        return stacked(
          each.slice(0, 4).map(source => changePlot([source], null, context)),
          spare,
          columns,
          context,
        )
      return stacked([changePlot(table.sources, table.panel.title, context)], spare, 1, context)
    }
    const count = Math.max(1, Math.min(3, Math.floor((height + GAP_ROWS) / (LEAST_ROWS + GAP_ROWS))))
    const plots = fields.splice(0, count).map(source => numberPlot(source, context))
    return plots.length === 0 ? [] : stacked(plots, spare, 1, context)
  })
}
