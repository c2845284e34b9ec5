// Draws the curated blocks below each other, each with a heading.
import { isNotWell } from '../../../display/shape.js'
import type { Panel } from '../../../panels/panel.js'
import { type Drawing, panelLine, panelLines } from '../draw/panel-lines.js'
import { blank, type Line } from '../draw/run.js'
import type { Spot } from '../keys/reduce.js'
import { importanceOf } from '../layout/importance.js'
import type { Size } from '../layout/layout.js'
import { fitCurated } from './fit.js'

function stays({ key, tone }: Panel): boolean {
  // The alerts panel has tone error exactly when one alert is critical.
  return key === 'header' || key === 'cycle' || (key === 'alerts' && tone === 'error')
}

export function sectionLines(
  drawing: Drawing,
  panels: readonly Panel[],
  { width, height }: Size,
): { readonly lines: readonly Line[]; readonly spots: readonly Spot[] } {
  const needs = panels.map(panel => ({
    key: panel.key,
    importance: importanceOf(panel.key, drawing.content.shown(panel)?.tone ?? panel.tone),
    full: 1 + drawing.content.content(panel, width, 'dense').lines.length,
    stays: stays(panel),
    isNotWell: isNotWell(drawing.content.shown(panel)?.tone ?? panel.tone),
  }))
  const heights = fitCurated(needs, height)
  const lines: Line[] = []
  const spots: Spot[] = []
  panels.forEach((panel, i) => {
    const rows = heights[i] ?? 0
    if (rows === 0) return
    spots.push({ key: panel.key, x: 0, y: lines.length, width, height: rows })
    if (rows === 1) lines.push(panelLine(drawing, panel, width))
    else lines.push(...panelLines(drawing, panel, { width, height: rows, density: 'dense' }))
  })
  while (lines.length < height) lines.push([blank(width)])
  return { lines: lines.slice(0, height), spots }
}
