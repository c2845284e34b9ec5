// The position of every panel: columns, then rows in each column.
import { BOX_COLUMNS, BOX_ROWS } from '../draw/box.js'
import type { Density } from '../draw/content.js'
import type { Widths } from '../draw/table.js'
import { columnCount, columnWidths, type Split, splitPanels } from './columns.js'
import { importanceOf } from './importance.js'
import { shareRows } from './rows.js'

export type Size = { readonly width: number; readonly height: number }

/** The `G6_PANEL_*` settings. */
export type LayoutSettings = {
  readonly minColumnWidth: number | null
  /** By panel key, columns and rows with the frame. */
  readonly widths: Readonly<Record<string, number>>
  readonly heights: Readonly<Record<string, number>>
  readonly autoFit: boolean
}

/** A panel as the layout sees it. */
export type Measured = {
  readonly key: string
  /** Columns of content. */
  readonly widths: Widths
  /** Lines of content. */
  lines(width: number, density: Density): number
}

export type Place = {
  readonly key: string
  readonly x: number
  readonly y: number
  readonly width: number
  /** 1 = a single line; always at least 1. */
  readonly height: number
  readonly density: Density
}

export type Layout = {
  readonly size: Size
  readonly keys: readonly string[]
  readonly split: Split
  readonly widths: readonly number[]
  readonly places: readonly Place[]
  /** Panels without any row. */
  readonly hidden: readonly string[]
  /** The rows that panels needed, before spare rows were distributed. */
  readonly needed: ReadonlyMap<string, number>
}

const sizeOf = (sizes: Readonly<Record<string, number>>, key: string): number | null =>
  Object.hasOwn(sizes, key) ? (sizes[key] ?? null) : null

const sameKeys = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key, i) => key === b[i])

/** The layout for this size; `previous` keeps it stable. Nothing is ever outside `size`. */
export function layoutPanels(
  panels: readonly Measured[],
  size: Size,
  settings: LayoutSettings,
  focus: string | null,
  previous: Layout | null,
): Layout {
  const keys = panels.map(({ key }) => key)
  const last =
    previous !== null &&
    sameKeys(previous.keys, keys) &&
    previous.size.width === size.width &&
    previous.size.height === size.height
      ? previous
      : null
  const columns = columnCount(size.width, settings.minColumnWidth)
  const guess = Math.max(1, Math.floor(size.width / columns) - BOX_COLUMNS)
  const guessed = panels.map(panel => {
    return sizeOf(settings.heights, panel.key) ?? BOX_ROWS + Math.max(1, panel.lines(guess, 'roomy'))
  })
  const split = splitPanels(guessed, columns, size.height, last?.split ?? null)
  const groups = split.map((end, i) => panels.slice(i === 0 ? 0 : split[i - 1], end))
  const kept = last?.split.every((end, i) => end === split[i]) ? last : null
  const widths = columnWidths(
    groups.map(group => ({
      least: Math.max(0, ...group.map(({ widths: { least } }) => least)) + BOX_COLUMNS,
      natural: Math.max(0, ...group.map(({ widths: { natural } }) => natural)) + BOX_COLUMNS,
      fixed: group.reduce<number | null>((widest, { key }) => {
        const set = sizeOf(settings.widths, key)
        return set === null ? widest : Math.max(widest ?? 0, set)
      }, null),
    })),
    {
      width: size.width,
      minWidth: settings.minColumnWidth,
      autoFit: settings.autoFit,
      previous: kept?.widths ?? null,
    },
  )
  const stable = kept?.widths.every((width, i) => width === widths[i]) ? kept : null
  const places: Place[] = []
  const hidden: string[] = []
  const needed = new Map<string, number>()
  let x = 0
  groups.forEach((group, i) => {
    const width = widths[i] ?? 0
    const inner = Math.max(1, width - BOX_COLUMNS)
    const needs = group.map(panel => ({
      key: panel.key,
      importance: panel.key === focus ? Number.POSITIVE_INFINITY : importanceOf(panel.key),
      roomy: BOX_ROWS + Math.max(1, panel.lines(inner, 'roomy')),
      dense: BOX_ROWS + Math.max(1, panel.lines(inner, 'dense')),
      fixed: sizeOf(settings.heights, panel.key),
      before: stable?.needed.get(panel.key) ?? null,
    }))
    let y = 0
    const shared = shareRows(needs, size.height, settings.autoFit)
    for (const { key, height, density, needed: rows } of shared) {
      if (density === 'roomy') needed.set(key, rows)
      if (height === 0) hidden.push(key)
      else places.push({ key, x, y, width, height, density })
      y += height
    }
    x += width
  })
  return { size, keys, split, widths, places, hidden, needed }
}
