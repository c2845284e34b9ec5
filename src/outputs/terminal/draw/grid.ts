// Draws the panels in the places of the layout.
import { isNotWell } from '../../../display/shape.js'
import type { Panel } from '../../../panels/panel.js'
import type { Layout, SharedLine } from '../layout/layout.js'
import { rowMark } from './glyphs.js'
import { type Drawing, panelLines } from './panel-lines.js'
import { blank, clipRun, fitLine, type Line, lineWidth, type Run, run } from './run.js'

const NAME_COLUMNS = 11
const HINT = 'tab opens one'

/** `Well       Storage, Analytics`; what is not well is named first, with its mark. */
export function sharedLine({ keys, width }: SharedLine, byKey: ReadonlyMap<string, Panel>): Line {
  const panels = keys.flatMap(key => byKey.get(key) ?? [])
  const bad = panels.filter(({ tone }) => isNotWell(tone))
  const worst = bad.some(({ tone }) => tone === 'error') ? 'error' : bad.length > 0 ? 'warn' : null
  const title = run(worst === null ? 'Well' : 'More', worst ?? 'label')
  const names = [...bad, ...panels.filter(({ tone }) => !isNotWell(tone))]
    .map(panel => panel.title)
    .join(', ')
  const head: Run[] = [
    ...(worst === null ? [blank(2)] : [run(rowMark(worst), worst), blank(1)]),
    title,
    blank(NAME_COLUMNS - title.width + 2),
  ]
  const room = Math.max(0, width - lineWidth(head))
  const shown = clipRun(run(names, 'label'), room)
  const hint = run(HINT, 'label')
  const between = room - shown.width - hint.width
  return between < 2 ? fitLine([...head, shown], width) : [...head, shown, blank(between), hint]
}

type Piece = { readonly x: number; readonly width: number; readonly line: Line }

/** Lines at a place of the screen, besides panels. */
export type Block = {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly lines: readonly Line[]
}

/** One line for each row of the layout. */
export function gridLines(
  drawing: Drawing,
  panels: readonly Panel[],
  layout: Layout,
  blocks: readonly Block[],
): readonly Line[] {
  const { size, places, shared } = layout
  const byKey = new Map(panels.map(panel => [panel.key, drawing.content.shown(panel) ?? panel]))
  const originals = new Map(panels.map(panel => [panel.key, panel]))
  const rows: Piece[][] = Array.from({ length: size.height }, () => [])
  const put = ({ x, y, width, lines }: Block): void => {
    for (const [i, line] of lines.entries()) rows[y + i]?.push({ x, width, line })
  }
  for (const { key, x, y, width, height, form } of places) {
    const panel = originals.get(key)
    if (panel === undefined || form === 'shared') continue
    put({
      x,
      y,
      width,
      lines: panelLines(drawing, panel, { width, height, density: form === 'roomy' ? 'roomy' : 'dense' }),
    })
  }
  for (const line of shared) put({ ...line, lines: [sharedLine(line, byKey)] })
  for (const block of blocks) put(block)
  return rows.map(pieces => {
    const line: Run[] = []
    let column = 0
    for (const { x, width, line: part } of pieces.sort((a, b) => a.x - b.x)) {
      if (x > column) line.push(blank(x - column))
      line.push(...part)
      column = x + width
    }
    if (column < size.width) line.push(blank(size.width - column))
    return line
  })
}
