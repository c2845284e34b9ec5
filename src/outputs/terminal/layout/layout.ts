// The position of every panel: columns, then rows in each column. In a column, panels with their content come first, then those that
// are one line each, then a line with the names of all others.
import { isNotWell } from '../../../display/shape.js'
import type { Tone } from '../../../panels/panel.js'
import type { Density, Measures } from '../draw/content.js'
import { FRAME_ROWS } from '../draw/title.js'
import { COLUMN_GAP, columnCount, columnWidths, type Split, splitPanels } from './columns.js'
import { type Form, shareRows } from './rows.js'

export type Size = { readonly width: number; readonly height: number }

/** The `G6_PANEL_*` settings. */
export type LayoutSettings = {
  readonly minColumnWidth: number | null
  /** By panel key, columns and rows with the title and the blank line below. */
  readonly widths: Readonly<Record<string, number>>
  readonly heights: Readonly<Record<string, number>>
  readonly autoFit: boolean
}

/** A panel as the layout sees it. */
export type Measured = {
  readonly key: string
  readonly measures: Measures
  readonly tone: Tone
  readonly hasFocus: boolean
  readonly importance: number
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
  readonly form: Form
}

/** The line with the names of panels that have no rows of their own. */
export type SharedLine = {
  readonly keys: readonly string[]
  readonly x: number
  readonly y: number
  readonly width: number
}

/** Rows at the end of a column that nothing needs. */
export type Spare = {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export type Layout = {
  readonly size: Size
  readonly keys: readonly string[]
  readonly split: Split
  /** In reading order; panels in a shared line have its place. */
  readonly places: readonly Place[]
  readonly shared: readonly SharedLine[]
  /** One for each column, of any height. */
  readonly spare: readonly Spare[]
  /** The rows that panels needed. */
  readonly needed: ReadonlyMap<string, number>
}

/** From this width on two small panels stand next to each other. */
const PAIRED_FROM = 76

const sizeOf = (sizes: Readonly<Record<string, number>>, key: string): number | null =>
  Object.hasOwn(sizes, key) ? (sizes[key] ?? null) : null

const sameKeys = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key, i) => key === b[i])

const half = (width: number): number => Math.floor((width - COLUMN_GAP) / 2)

/** One panel over the whole width of a column, or two next to each other. */
type Band = { readonly panels: readonly Measured[] }

function canPair({ tone, measures: { isWide, isEmpty, natural } }: Measured, width: number): boolean {
  return width >= PAIRED_FROM && !isNotWell(tone) && !isWide && !isEmpty && natural <= half(width)
}

/** Small panels in pairs; the second moves up to the first. */
function bandsOf(panels: readonly Measured[], width: number, settings: LayoutSettings): readonly Band[] {
  const bands: Measured[][] = []
  let open: Measured[] | null = null
  for (const panel of panels) {
    const isFixed =
      sizeOf(settings.heights, panel.key) !== null || sizeOf(settings.widths, panel.key) !== null
    if (isFixed || !settings.autoFit || !canPair(panel, width)) bands.push([panel])
    else if (open === null) {
      open = [panel]
      bands.push(open)
    } else {
      open.push(panel)
      open = null
    }
  }
  return bands.map(of => ({ panels: of }))
}

function rowsOf(panel: Measured, width: number, density: Density): number {
  return FRAME_ROWS + Math.max(1, panel.lines(width, density))
}

/** The width of each panel of a band. */
function widthsOf({ panels }: Band, width: number): readonly number[] {
  return panels.length === 1 ? [width] : [half(width), width - half(width) - COLUMN_GAP]
}

type Column = {
  readonly places: Place[]
  readonly shared: SharedLine | null
  readonly spare: Spare
  readonly needed: ReadonlyMap<string, number>
}

function layoutColumn(
  panels: readonly Measured[],
  { x, width, height }: { x: number; width: number; height: number },
  settings: LayoutSettings,
  before: ReadonlyMap<string, number> | null,
): Column {
  const bands = bandsOf(panels, width, settings)
  const tallest = (band: Band, density: Density): number =>
    Math.max(...band.panels.map((panel, i) => rowsOf(panel, widthsOf(band, width)[i] ?? width, density)))
  const needs = bands.map(band => ({
    count: band.panels.length,
    importance: Math.max(...band.panels.map(({ importance }) => importance)),
    isNotWell: band.panels.some(({ tone, hasFocus }) => hasFocus || isNotWell(tone)),
    isWorst: band.panels.some(({ tone, hasFocus }) => hasFocus || tone === 'error'),
    isEmpty: band.panels.every(({ measures }) => measures.isEmpty),
    roomy: tallest(band, 'roomy'),
    dense: tallest(band, 'dense'),
    fixed: band.panels.length > 1 ? null : sizeOf(settings.heights, band.panels[0]?.key ?? ''),
    before: before === null ? null : Math.max(...band.panels.map(({ key }) => before.get(key) ?? 0)),
  }))
  const rows = shareRows(needs, height, settings.autoFit)
  const places: Place[] = []
  const needed = new Map<string, number>()
  let y = 0
  const place = (key: string, at: number, wide: number, tall: number, form: Form): void => {
    const given = Math.min(tall, height - y)
    if (given > 0) places.push({ key, x: at, y, width: wide, height: given, form })
  }
  bands.forEach((band, i) => {
    const { form, height: tall } = rows[i] ?? { form: 'shared', height: 0 }
    if (form === 'line' || form === 'shared') return
    let at = x
    band.panels.forEach(({ key }, j) => {
      const wide = widthsOf(band, width)[j] ?? width
      place(key, at, wide, tall, form)
      if (form === 'roomy') needed.set(key, tall)
      at += wide + COLUMN_GAP
    })
    y = Math.min(height, y + tall)
  })
  const shared: string[] = []
  bands.forEach((band, i) => {
    const form = rows[i]?.form ?? 'shared'
    if (form === 'shared') shared.push(...band.panels.map(({ key }) => key))
    if (form !== 'line') return
    for (const { key } of band.panels) {
      if (y >= height) shared.push(key)
      else place(key, x, width, 1, form)
      y = Math.min(height, y + 1)
    }
  })
  const line = shared.length > 0 && y < height ? { keys: shared, x, y, width } : null
  if (line !== null) {
    for (const key of shared) place(key, x, width, 1, 'shared')
    y++
  }
  // Panels with content end with a blank line, single lines do not.
  const isApart = line === null && rows.every(({ form }) => form !== 'line')
  const from = Math.min(height, isApart ? y : y + 1)
  return { places, shared: line, spare: { x, y: from, width, height: height - from }, needed }
}

/** The layout for this size; `previous` keeps it stable. Nothing is ever outside `size`. */
export function layoutPanels(
  panels: readonly Measured[],
  size: Size,
  settings: LayoutSettings,
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
  const count = Math.max(1, Math.min(columnCount(size.width, settings.minColumnWidth), panels.length))
  const widthsFor = (split: Split | null): readonly number[] =>
    columnWidths({
      width: size.width,
      minWidth: settings.minColumnWidth,
      autoFit: settings.autoFit,
      fixed: Array.from({ length: count }, (_, column) =>
        keys.reduce<number | null>((widest, key, i) => {
          const set = split?.[i] === column ? sizeOf(settings.widths, key) : null
          return set === null ? widest : Math.max(widest ?? 0, set)
        }, null),
      ),
    })
  const guess = widthsFor(null)
  const split = splitPanels(
    panels.map(panel => ({
      isWide: panel.measures.isWide || isNotWell(panel.tone),
      heights: guess.map(width =>
        panel.measures.isEmpty
          ? 1
          : (sizeOf(settings.heights, panel.key) ??
            Math.max(rowsOf(panel, width, 'roomy'), last?.needed.get(panel.key) ?? 0)),
      ),
    })),
    count,
    size.height,
    last?.split ?? null,
  )
  const widths = widthsFor(split)
  let x = 0
  const columns = widths.map((width, at) => {
    const of = panels.filter((_, i) => split[i] === at)
    const column = layoutColumn(of, { x, width, height: size.height }, settings, last?.needed ?? null)
    x += width + COLUMN_GAP
    return column
  })
  return {
    size,
    keys,
    split,
    places: columns.flatMap(column => column.places),
    shared: columns.flatMap(({ shared }) => (shared === null ? [] : [shared])),
    spare: columns.map(({ spare }) => spare),
    needed: new Map(columns.flatMap(column => [...column.needed])),
  }
}
