import { describe, expect, test } from 'vitest'
import { makePanel } from '../../../panels/lines.js'
import type { Panel, Tone } from '../../../panels/panel.js'
import { ContentCache } from '../draw/content-cache.js'
import { lineText, lineWidth } from '../draw/run.js'
import { NO_TRENDS } from '../draw/trends.js'
import { startView } from '../keys/view.js'
import { sectionLines } from './sections.js'

const panel = (key: string, title: string, tone: Tone = 'ok'): Panel =>
  makePanel(key, title, [{ kind: 'fields', items: [{ label: 'value', text: 'x', tone }] }])

function shown(panels: readonly Panel[], height: number): string[] {
  const context = { clip: 60, format: 'plain', timezone: 'UTC', nowMs: 0, trends: NO_TRENDS } as const
  const content = new ContentCache({ filter: '', isJudged: true, context }, () => 0)
  const drawing = { view: startView('dark'), content, scrollMax: new Map(), pageRows: 1 }
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
    expect(shown(PANELS('info'), 9).slice(0, 4)).toEqual([
      `─ Overview ${'─'.repeat(29)}`,
      '  Value ● x',
      `─ Cycle ${'─'.repeat(32)}`,
      '  Value ● x',
    ])
  })

  test('are a line each when there is no room for more', () => {
    expect(shown(PANELS('info'), 4)).toEqual([
      '  Overview     Value ● x',
      '  Cycle        Value ● x',
      '  Indices      Value ● x',
      '  Alerts       ◆ Value x',
    ])
  })

  test('drop indices before alerts that are not well', () => {
    const names = (alerts: Tone): string[] => shown(PANELS(alerts), 3).map(line => line.slice(0, 9).trimEnd())
    expect(names('ok')).toEqual(
      ['  Overview', '  Cycle', '  Indices'].map(name => name.slice(0, 9).trimEnd()),
    )
    expect(names('error')).toEqual(['  Overvie', '  Cycle', '■ Alerts'])
  })
})
