import { describe, expect, test } from 'vitest'
import { NOW_MS, resultOf } from '../../../../test/terminal/support/scenes.js'
import { isJudged, type StatusState } from '../../../engine/cycle.js'
import { makePanel } from '../../../panels/lines.js'
import type { Block, Cell } from '../../../panels/panel.js'
import { freshness, isNoAlerts } from './freshness.js'

function standing(state: StatusState, ageSec: number | null, tooOld = false) {
  const changedAtMs = ageSec === null ? null : NOW_MS - ageSec * 1000
  return resultOf([], { source: { state, ageSec, changedAtMs, error: null, tooOld } })
}
const text = (...given: Parameters<typeof standing>): string =>
  freshness(standing(...given), NOW_MS, 'Asia/Kolkata').text
const tone = (...given: Parameters<typeof standing>): string =>
  freshness(standing(...given), NOW_MS, 'Asia/Kolkata').tone

describe('the source', () => {
  test('has the age of what is shown, and its state when it is not fresh', () => {
    expect(text('fresh', 1)).toBe('1 s ago')
    expect(text('stale', 12)).toBe('stale 12 s')
    expect(text('stale', 600, true)).toBe('stale 10 min')
    expect(text('missing', null)).toBe('missing')
    expect(text('not_json', 7)).toBe('not JSON 7 s')
    expect(text('starting', null)).toBe('starting')
    expect(text('closed', 57_600)).toMatch(/^closed, last 22:03\b/)
  })

  test('is a warning while stale, and an error when it is too old or cannot be read', () => {
    expect(tone('stale', 12)).toBe('warn')
    expect(tone('stale', 600, true)).toBe('error')
    expect(tone('missing', 3)).toBe('error')
    expect(tone('closed', 57_600)).toBe('muted')
  })

  test('is judged only while it is fresh, or silent in a closed market', () => {
    for (const state of ['fresh', 'closed', 'starting'] as const)
      expect(isJudged(standing(state, 1))).toBe(true)
    for (const state of ['stale', 'missing', 'not_json'] as const)
      expect(isJudged(standing(state, 1))).toBe(false)
  })
})

test('an alerts panel with nothing but a count of 0 is shown by the bar', () => {
  const alerts = (...blocks: readonly Block[]) => isNoAlerts(makePanel('alerts', 'Alerts', blocks))
  const total = (value: number): Block => ({
    kind: 'fields',
    items: [
      { label: 'total', text: String(value), value },
      { label: 'by_severity', text: '—' },
    ],
  })
  const table = (rows: readonly (readonly Cell[])[]): Block => ({
    kind: 'table',
    columns: [{ label: 'Message' }],
    rows,
  })
  expect(alerts(total(0))).toBe(true)
  expect(alerts(total(0), table([]))).toBe(true)
  expect(alerts(total(1))).toBe(false)
  expect(alerts(total(0), table([[{ text: 'down' }]]))).toBe(false)
  expect(alerts(total(0), { kind: 'text', text: 'Market is closed (computed)', tone: 'info' })).toBe(false)
  expect(isNoAlerts(makePanel('jobs', 'Jobs', [total(0)]))).toBe(false)
})
