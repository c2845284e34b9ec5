import { describe, expect, test } from 'vitest'
import { fixture, NOW_MS, resultOfStatus, sceneOf } from '../../../test/terminal/support/scenes.js'
import { dumpName, screenText } from './dump.js'
import { startView } from './keys/view.js'

const RESULT = resultOfStatus(fixture('full'))
const text = (view = {}): string =>
  screenText(sceneOf(RESULT, { view: { ...startView('dark'), ...view } }), 'Asia/Kolkata')

describe('the text of the screen', () => {
  test('is the bar and every panel as in plain text, without a border', () => {
    const shown = text()
    for (const panel of RESULT.board.panels.values()) {
      expect(shown).toContain(`[${panel.title}]\n${panel.lines.join('\n')}\n`)
    }
    expect(shown.split('\n')[0]).toMatch(/^G6 .*source 1 s ago.*14:03:22 IST$/)
    expect(shown).not.toMatch(/[─│╭╮╰╯━┃]/)
    expect(shown.endsWith('\n')).toBe(true)
  })

  test('is the one panel that fills the screen', () => {
    expect(text({ zoomed: true, focus: 'cycle' }).match(/^\[.*\]$/gm)).toEqual(['[Cycle]'])
  })

  test('holds only the lines the filter leaves', () => {
    const shown = text({ filter: 'sensex' })
    expect(shown).toContain('SENSEX')
    expect(shown).not.toContain('memory_mb')
  })

  test('goes into a file named after the moment, in the time zone', () => {
    expect(dumpName(NOW_MS, 'Asia/Kolkata')).toBe('g6-dashboard-20250131-140322.txt')
    expect(dumpName(NOW_MS, 'UTC')).toBe('g6-dashboard-20250131-083322.txt')
  })
})
