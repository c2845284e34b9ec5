import { describe, expect, test } from 'vitest'
import { makePanel } from '../../../panels/lines.js'
import type { Panel, Tone } from '../../../panels/panel.js'
import { ContentCache } from '../draw/content-cache.js'
import { lineText, lineWidth } from '../draw/run.js'
import { startView } from '../keys/view.js'
import { sectionLines } from './sections.js'

const panel = (key: string, title: string, tone: Tone = 'ok'): Panel =>
  makePanel(key, title, [{ kind: 'fields', items: [{ label: 'value', text: 'x', tone }] }])

function shown(panels: readonly Panel[], height: number): string[] {
  const content = new ContentCache(60, () => 0)
  const drawing = { view: startView('dark'), content, clip: 60, scrollMax: new Map(), pageRows: 1 }
  const { lines } = sectionLines(drawing, panels, { width: 40, height })
  expect(lines).toHaveLength(height)
  for (const line of lines) expect(lineWidth(line)).toBe(40)
  return lines.map(line => lineText(line).trimEnd())
}

const PANELS = (alerts: Tone): readonly Panel[] => [
  panel('header', 'Overview'),
  panel('cycle', 'Cycle'),
  panel('indices', 'Indices'),
  panel('alerts', 'Alerts', alerts),
]

describe('curated sections', () => {
  test('are a heading and their content, below each other', () => {
    expect(shown(PANELS('ok'), 9).slice(0, 4)).toEqual([
      `── Overview ${'─'.repeat(28)}`,
      '  value x',
      `── Cycle ${'─'.repeat(31)}`,
      '  value x',
    ])
  })

  test('are a line each when there is no room for more', () => {
    expect(shown(PANELS('warn'), 4)).toEqual([
      '── Overview  value x',
      '── Cycle  value x',
      '── Indices  value x',
      '── Alerts !  value x !',
    ])
  })

  test('drop alerts before indices only while none is critical', () => {
    expect(shown(PANELS('ok'), 3).map(line => line.split('  ')[0])).toEqual([
      '── Overview',
      '── Cycle',
      '── Indices',
    ])
    expect(shown(PANELS('error'), 3).map(line => line.split('  ')[0])).toEqual([
      '── Overview',
      '── Cycle',
      '── Alerts ✖',
    ])
  })
})
