// Draws the panels in the columns of the layout.
import type { Panel } from '../../../panels/panel.js'
import type { Layout } from '../layout/layout.js'
import { type Drawing, panelBox } from './panel-box.js'
import { blank, type Line, type Run } from './run.js'

/** One line for each row of the layout. */
export function gridLines(drawing: Drawing, panels: readonly Panel[], layout: Layout): readonly Line[] {
  const { size, widths, places } = layout
  const byKey = new Map(panels.map(panel => [panel.key, panel]))
  const rows: Run[][] = Array.from({ length: size.height }, () => [])
  let x = 0
  for (const width of widths) {
    let y = 0
    for (const place of places) {
      const panel = byKey.get(place.key)
      if (place.x !== x || panel === undefined) continue
      for (const line of panelBox(drawing, panel, place)) rows[y++]?.push(...line)
    }
    while (y < size.height) rows[y++]?.push(blank(width))
    x += width
  }
  const rest = size.width - x
  if (rest > 0) for (const row of rows) row.push(blank(rest))
  return rows
}
