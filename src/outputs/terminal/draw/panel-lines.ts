// Draws a panel in its place: its title in a thin line and its content below, or a single line. Also reports how far each panel can
// scroll.
import type { Panel } from '../../../panels/panel.js'
import { scrollOf, type View } from '../keys/view.js'
import type { Density } from './content.js'
import type { ContentCache } from './content-cache.js'
import { blank, type Line } from './run.js'
import { oneLine, type Title, titleLine } from './title.js'

export type Drawing = {
  readonly view: View
  readonly content: ContentCache
  /** Filled while drawing: how many lines each panel can scroll. */
  readonly scrollMax: Map<string, number>
  /** Filled while drawing: lines on a page of the focused panel. */
  pageRows: number
}

function titleOf(drawing: Drawing, panel: Panel, remark: string): Title {
  const shown = drawing.content.shown(panel) ?? panel
  return { title: panel.title, tone: shown.tone, focused: drawing.view.focus === panel.key, remark }
}

export function panelLine(drawing: Drawing, panel: Panel, width: number): Line {
  return oneLine(titleOf(drawing, panel, ''), room => drawing.content.summary(panel, room), width)
}

/** `12 more`, `42–61 of 61`; empty when all the panel has is on the screen. `leftOut`: what it does not have. */
function notShown(count: number, leftOut: number, scroll: number, rows: number): string {
  if (count <= rows) return ''
  const all = count + leftOut
  if (scroll === 0) return `${all - rows} more`
  return `${scroll + 1}–${Math.min(count, scroll + rows)} of ${all}`
}

/** Exactly `height` lines of exactly `width` columns; the rows below the content are blank. */
export function panelLines(
  drawing: Drawing,
  panel: Panel,
  { width, height, density }: { width: number; height: number; density: Density },
): readonly Line[] {
  if (height === 1) return [panelLine(drawing, panel, width)]
  const { view } = drawing
  const { lines: content, remark, leftOut } = drawing.content.content(panel, width, density)
  const rows = height - 1
  const max = Math.max(0, content.length - rows)
  drawing.scrollMax.set(panel.key, max)
  if (view.focus === panel.key) drawing.pageRows = Math.max(1, rows - 1)
  const scroll = Math.min(scrollOf(view, panel.key), max)
  const remarks = [remark, notShown(content.length, leftOut, scroll, rows)]
    .filter(text => text !== '')
    .join(' · ')
  const lines: Line[] = [titleLine(titleOf(drawing, panel, remarks), width)]
  for (let i = 0; i < rows; i++) lines.push(content[scroll + i] ?? [blank(width)])
  return lines
}
