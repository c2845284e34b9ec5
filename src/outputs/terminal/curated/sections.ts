// Draws the curated blocks below each other, each with a heading.
import type { Panel } from '../../../panels/panel.js'
import { sectionLine } from '../draw/box.js'
import { collapsedPanel, type Drawing } from '../draw/panel-box.js'
import { blank, type Line } from '../draw/run.js'
import type { Spot } from '../keys/reduce.js'
import { importanceOf } from '../layout/importance.js'
import type { Size } from '../layout/layout.js'
import { fitCurated } from './fit.js'

const INDENT = 2

function stays({ key, tone }: Panel): boolean {
  // The alerts panel has tone error exactly when one alert is critical.
  return key === 'header' || key === 'cycle' || (key === 'alerts' && tone === 'error')
}

export function sectionLines(
  drawing: Drawing,
  panels: readonly Panel[],
  { width, height }: Size,
): { readonly lines: readonly Line[]; readonly spots: readonly Spot[] } {
  const contents = panels.map(panel =>
    drawing.content.lines(panel, drawing.view.filter, width - INDENT, 'dense'),
  )
  const needs = panels.map((panel, i) => ({
    key: panel.key,
    importance: importanceOf(panel.key),
    full: 1 + (contents[i]?.length ?? 0),
    stays: stays(panel),
  }))
  const heights = fitCurated(needs, height)
  const lines: Line[] = []
  const spots: Spot[] = []
  panels.forEach((panel, i) => {
    const rows = heights[i] ?? 0
    if (rows === 0) return
    spots.push({ key: panel.key, x: 0, y: lines.length, width, height: rows })
    if (rows === 1) lines.push(collapsedPanel(drawing, panel, width))
    else {
      lines.push(sectionLine(panel.title, panel.tone, drawing.view.focus === panel.key, width))
      for (const line of contents[i] ?? []) lines.push([blank(INDENT), ...line])
    }
  })
  while (lines.length < height) lines.push([blank(width)])
  return { lines: lines.slice(0, height), spots }
}
