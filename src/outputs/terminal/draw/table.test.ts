import { describe, expect, test } from 'vitest'
import type { FieldsContext } from './fields.js'
import { lineText } from './run.js'
import { type Table, tableLines } from './table.js'
import { NO_TRENDS, trendRuns } from './trends.js'

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
const CONTEXT: FieldsContext = {
  panel: 'indices',
  format: 'plain',
  timezone: 'UTC',
  nowMs: 0,
  clip: 60,
  trends: NO_TRENDS,
}
const at = (width: number, table = TABLE, more: Partial<FieldsContext> = {}): string[] =>
  tableLines(table, width, { ...CONTEXT, ...more }).map(line => lineText(line).trimEnd())

describe('a table', () => {
  test('has what is not well on top with its mark before it, and numbers that end in one column', () => {
    expect(at(35)).toEqual([
      '  Index          Last  Status  Legs',
      '■ BANKNIFTY    980.00  stale      8',
      '  NIFTY      24512.30  ok       212',
    ])
  })

  test('fills its width: wider gaps, and the rest before the first number', () => {
    const [head, first] = at(60)
    expect(head).toHaveLength(60)
    expect(first).toHaveLength(60)
    expect(head).toMatch(/^ {2}Index {20,}Last {5}Status {5}Legs$/)
  })

  test('drops whole columns when it is narrow, the lowest priority first', () => {
    expect(at(31)[2]).toBe('  NIFTY       24512.30   ok')
    expect(at(23)[2]).toBe('  NIFTY        24512.30')
    expect(at(20)[2]).toBe('  NIFTY')
  })

  test('clips its last column only when there is no room even for that', () => {
    expect(at(8)).toEqual(['  Index', '■ BANKN…', '  NIFTY'])
  })

  test('clips a long text before it drops a column, but not below 24 columns', () => {
    const alerts: Table = {
      columns: [
        { label: 'Time', priority: 80 },
        { label: 'What', priority: 100 },
      ],
      rows: [[{ text: '10:39:58' }, { text: 'the quick brown fox jumps over the lazy dog' }]],
    }
    expect(at(42, alerts)[1]).toBe('  10:39:58  the quick brown fox jumps ove…')
    expect(at(36, alerts)[1]).toBe('  10:39:58  the quick brown fox jum…')
    expect(at(35, alerts)[1]).toBe('  the quick brown fox jumps over t…')
  })

  test('clips cells at the widest allowed', () => {
    expect(at(80, TABLE, { clip: 5 })[1]?.startsWith('■ BANK…')).toBe(true)
  })

  test('counts wide characters as two', () => {
    const wide: Table = {
      columns: [{ label: 'Name' }, { label: 'N', align: 'right' }],
      rows: [
        [{ text: '日本語' }, { text: '1' }],
        [{ text: 'abc' }, { text: '22' }],
      ],
    }
    expect(at(12, wide)).toEqual(['  Name     N', '  日本語   1', '  abc     22'])
  })

  test('without rows has no lines', () => {
    expect(at(80, { columns: TABLE.columns, rows: [] })).toEqual([])
  })

  test('has a gauge before shares of 100 when there is room, and none for changes', () => {
    const table: Table = {
      columns: [
        { label: 'Index' },
        { label: 'Change %', align: 'right', unit: '%' },
        { label: 'DQ %', align: 'right', unit: '%' },
      ],
      rows: [
        [{ text: 'NIFTY' }, { text: '+0.25', value: 0.25 }, { text: '93.1', value: 93.1 }],
        [{ text: 'SENSEX' }, { text: '-0.08', value: -0.08 }, { text: '41.0', value: 41, tone: 'error' }],
      ],
    }
    const lines = at(60, table)
    expect(lines[1]).toMatch(/^■ SENSEX .*−0\.08 +━━━╌╌╌╌╌ +41\.0$/)
    expect(lines[2]).toMatch(/^ {2}NIFTY .*\+0\.25 +━━━━━━━╌ +93\.1$/)
    expect(at(40, table)[1]).not.toContain('━')
  })

  test('has the trend of the fact of its most important column after the name', () => {
    const columns = TABLE.columns.map(column =>
      column.label === 'LTP' ? { ...column, fact: 'ltp' } : column,
    )
    const asked: string[] = []
    const trends = {
      ...NO_TRENDS,
      has: (id: string) => id.startsWith('indices.'),
      line: (id: string, unit: string, width: number) => {
        asked.push(id)
        return trendRuns(
          Array.from({ length: width }, (_, i) => (i < width - 2 ? 100 + i : null)),
          unit,
          'text',
        )
      },
    }
    const lines = at(70, { ...TABLE, columns }, { trends })
    expect(asked).toEqual(['indices.BANKNIFTY.ltp', 'indices.NIFTY.ltp'])
    expect(lines[0]).toMatch(/^ {2}Index +15 min +Last/)
    expect(lines[1]).toMatch(/^■ BANKNIFTY +▁[▁-█]{13}·· +980\.00/)
  })
})
