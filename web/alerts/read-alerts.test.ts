import { describe, expect, test } from 'vitest'
import type { Block, Cell } from '../../src/panels/panel.js'
import { readAlerts } from './read-alerts.js'

const COLUMNS = ['Time', 'Level', 'Component', 'Message'].map(label => ({ label }))
const table = (...rows: Cell[][]): Block => ({ kind: 'table', columns: COLUMNS, rows })
const row = (message: string, level: Cell = { text: 'warn', tone: 'warn' }): Cell[] => [
  { text: '10:00:01', value: 1_800_000_000_000 },
  level,
  { text: 'Provider' },
  { text: message },
]

describe('the alerts panel', () => {
  test('gives its rows in its order', () => {
    const { alerts } = readAlerts([table(row('slow'), row('down', { text: 'critical', tone: 'error' }))])
    expect(alerts).toEqual([
      {
        atMs: 1_800_000_000_000,
        time: '10:00:01',
        level: 'warn',
        component: 'Provider',
        message: 'slow',
        times: 1,
      },
      expect.objectContaining({ level: 'critical', message: 'down' }),
    ])
  })

  test('says how often an alert came', () => {
    const [alert] = readAlerts([table(row('kite answered in 500 ms ×12'))]).alerts
    expect(alert).toMatchObject({ message: 'kite answered in 500 ms', times: 12 })
  })

  test('says what it does not list', () => {
    const rest: Block = { kind: 'text', text: 'not shown: critical:1', tone: 'error' }
    expect(readAlerts([table(row('slow')), rest]).notShown).toEqual([
      { text: 'not shown: critical:1', tone: 'error' },
    ])
  })

  test('has alerts without a time', () => {
    const [alert] = readAlerts([table([{ text: '—' }, ...row('slow').slice(1)])]).alerts
    expect(alert).toMatchObject({ atMs: null, time: '—' })
  })

  test.each([
    [{ text: 'fatal', tone: 'error' }, 'critical'],
    [{ text: 'odd', tone: 'warn' }, 'warn'],
    [{ text: 'odd' }, 'info'],
  ] as const)('takes a level it does not know from its tone: %j', (cell, level) => {
    expect(readAlerts([table(row('m', cell))]).alerts[0]?.level).toBe(level)
  })

  test('of another shape has no alerts', () => {
    const columns = [{ label: 'Message' }]
    expect(readAlerts([{ kind: 'table', columns, rows: [[{ text: 'm' }]] }]).alerts).toEqual([])
    expect(readAlerts([table([])]).alerts).toEqual([])
    expect(readAlerts([{ kind: 'fields', items: [] }])).toEqual({ alerts: [], notShown: [] })
  })
})
