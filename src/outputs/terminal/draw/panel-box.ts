// Draws a panel in its place: a box, or a single line where a box does not fit. Also reports how far each panel can scroll.
import type { Panel } from '../../../panels/panel.js'
import { scrollOf, type View } from '../keys/view.js'
import { BOX_COLUMNS, BOX_ROWS, boxLines, collapsedLine } from './box.js'
import type { Density } from './content.js'
import { summaryLine } from './content.js'
import type { ContentCache } from './content-cache.js'
import type { Line } from './run.js'

export type Drawing = {
  readonly view: View
  readonly content: ContentCache
  readonly clip: number
  /** Filled while drawing: how many lines each panel can scroll. */
  readonly scrollMax: Map<string, number>
  /** Filled while drawing: lines on a page of the focused panel. */
  pageRows: number
}

export function collapsedPanel(drawing: Drawing, panel: Panel, width: number): Line {
  const focused = drawing.view.focus === panel.key
  const shown = drawing.content.filtered(panel, drawing.view.filter) ?? panel
  const summary = (room: number): Line => summaryLine(shown.blocks, room, drawing.clip)
  return collapsedLine(panel.title, panel.tone, focused, summary, width)
}

/** Exactly `height` lines of exactly `width` columns. */
export function panelBox(
  drawing: Drawing,
  panel: Panel,
  { width, height, density }: { width: number; height: number; density: Density },
): readonly Line[] {
  if (height === 1) return [collapsedPanel(drawing, panel, width)]
  const { view } = drawing
  const focused = view.focus === panel.key
  const content = drawing.content.lines(panel, view.filter, width - BOX_COLUMNS, density)
  const rows = height - BOX_ROWS
  const max = Math.max(0, content.length - rows)
  drawing.scrollMax.set(panel.key, max)
  if (focused) drawing.pageRows = Math.max(1, rows - 1)
  const scroll = Math.min(scrollOf(view, panel.key), max)
  return boxLines({ title: panel.title, tone: panel.tone, focused, content, scroll }, width, height)
}
