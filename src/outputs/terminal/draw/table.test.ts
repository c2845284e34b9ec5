import { describe, expect, test } from 'vitest'
import { lineText } from './run.js'
import { type Table, tableLines } from './table.js'

const TABLE: Table = {
  columns: [
    { label: 'Index', priority: 100 },
    { label: 'LTP', align: 'right', priority: 90 },
    { label: 'Status', priority: 80 },
    { label: 'Legs', align: 'right', priority: 40 },
  ],
  rows: [
    [{ text: 'NIFTY' }, { text: '24512.30' }, { text: 'ok', tone: 'ok' }, { text: '212' }],
    [
      { text: 'BANKNIFTY' },
      { text: '980.00', tone: 'warn' },
      { text: 'stale', tone: 'error' },
      { text: '8' },
    ],
  ],
}
const at = (width: number, table = TABLE, clip = 60): string[] =>
  tableLines(table, width, clip).map(line => lineText(line).trimEnd())

describe('a table', () => {
  test('has numbers that end in one column and marks behind them', () => {
    expect(at(80)).toEqual([
      'Index           LTP    Status    Legs',
      'NIFTY      24512.30    ok         212',
      'BANKNIFTY    980.00 !  stale ✖      8',
    ])
  })

  test('drops whole columns when it is narrow, the lowest priority first', () => {
    expect(at(35)[1]).toBe('NIFTY      24512.30    ok')
    expect(at(25)[1]).toBe('NIFTY      24512.30')
    expect(at(20)[1]).toBe('NIFTY')
  })

  test('clips its last column only when there is no room even for that', () => {
    expect(at(6)).toEqual(['Index', 'NIFTY', 'BANKN…'])
  })

  test('clips a long text before it drops a column, but not below 24 columns', () => {
    const alerts: Table = {
      columns: [
        { label: 'Time', priority: 80 },
        { label: 'Message', priority: 100 },
      ],
      rows: [[{ text: '10:39:58' }, { text: 'the quick brown fox jumps over the lazy dog' }]],
    }
    expect(at(40, alerts)[1]).toBe('10:39:58  the quick brown fox jumps ove…')
    expect(at(34, alerts)[1]).toBe('10:39:58  the quick brown fox jum…')
    expect(at(33, alerts)[1]).toBe('the quick brown fox jumps over t…')
  })

  test('clips cells at the widest allowed', () => {
    expect(at(80, TABLE, 5)[2]?.startsWith('BANK…')).toBe(true)
  })

  test('counts wide characters as two', () => {
    const wide: Table = {
      columns: [{ label: 'Name' }, { label: 'N', align: 'right' }],
      rows: [
        [{ text: '日本語' }, { text: '1' }],
        [{ text: 'abc' }, { text: '22' }],
      ],
    }
    expect(at(80, wide)).toEqual(['Name     N', '日本語   1', 'abc     22'])
  })

  test('without rows has no lines', () => {
    expect(at(80, { columns: TABLE.columns, rows: [] })).toEqual([])
  })
})
