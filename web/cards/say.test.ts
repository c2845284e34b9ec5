import { describe, expect, test } from 'vitest'
import { type Block, type Cell, type Field, shownPanel } from '../state/panels.js'
import { gaugeColumn } from './gauge.js'
import { isSaid, loneCount, remarkOf } from './say.js'

type TableBlock = Extract<Block, { readonly kind: 'table' }>

const table = (...rows: readonly (readonly Cell[])[]): TableBlock => ({
  kind: 'table',
  columns: [{ label: 'Index' }, { label: 'Status', role: 'state' }],
  rows,
})
const well = (name: string): readonly Cell[] => [{ text: name }, { text: 'ok', tone: 'ok' }]
const bad = (name: string): readonly Cell[] => [{ text: name }, { text: 'down', tone: 'error' }]
const shown = (...blocks: readonly Block[]) =>
  shownPanel({ key: 'k', title: 'K', tone: 'ok', lines: [], hash: '', blocks }, null, 0, true)

describe('a field is left out', () => {
  const three = [table(well('NIFTY'), bad('BANKNIFTY'), well('FINNIFTY'))]
  test('when it lists the rows of the table, also where its text is cut', () => {
    for (const text of ['NIFTY, BANKNIFTY, FINNIFTY', 'NIFTY, BANKN…', 'NIFTY, BANKNIFTY,…'])
      expect(isSaid({ label: 'names', text }, three)).toBe(true)
    for (const text of ['NIFTY, SENSEX', 'BANKNIFTY', 'down', '—'])
      expect(isSaid({ label: 'names', text }, three)).toBe(false)
  })
  test('when it counts them, and is well', () => {
    expect(isSaid({ label: 'count', text: '3', value: 3 }, three)).toBe(true)
    expect(isSaid({ label: 'not well', text: '1', value: 1 }, three)).toBe(true)
    expect(isSaid({ label: 'count', text: '500', value: 500 }, three)).toBe(false)
    expect(isSaid({ label: 'count', text: '3', value: 3, tone: 'warn' }, three)).toBe(false)
    expect(isSaid({ label: 'count', text: '3', value: 3 }, [])).toBe(false)
  })
})

test('the head says how many rows there are, and how many are not well', () => {
  expect(remarkOf(shown(table(well('a'), well('b'))))).toBe('2 rows')
  expect(remarkOf(shown(table(well('a'), bad('b'))))).toBe('1 of 2 not well')
  expect(remarkOf(shown(table(well('a'))))).toBe('')
  const rest = (text: string): Block => ({ kind: 'text', text, tone: 'muted' })
  const cut = [table(bad('a'), well('b')), rest('498 more rows not shown')]
  expect(remarkOf(shown(...cut))).toBe('1 of 500 not well')
  expect(isSaid({ label: 'count', text: '500', value: 500 }, cut)).toBe(true)
  expect(remarkOf(shown(table(bad('a')), rest('9 more rows not shown, 3 of them not well')))).toBe(
    '4 of 10 not well',
  )
  expect(remarkOf(shown())).toBe('')
})

test('the head says a count that would be the only field above a table', () => {
  const count: Field = { label: 'data_points', text: '2043', value: 2043 }
  const panel = (...items: readonly Field[]) => shown({ kind: 'fields', items }, table(well('a'), bad('b')))
  expect(loneCount(panel(count))).toEqual(count)
  expect(remarkOf(panel(count), 'en')).toBe('1 of 2 not well · 2,043 data points')
  for (const other of [
    { ...count, tone: 'warn' },
    { ...count, fact: 'n' },
    { ...count, unit: 's' },
  ] as const)
    expect(loneCount(panel(other))).toBeNull()
  expect(loneCount(panel(count, { label: 'queue', text: '4', value: 4 }))).toBeNull()
  expect(loneCount(shown({ kind: 'fields', items: [count] }))).toBeNull()
})

test('shares have gauges, changes have none', () => {
  const rows = (text: string, value: number) => [[{ text: 'a' }, { text, value }]]
  const columns = [{ label: 'Index' }, { label: 'DQ %' }]
  expect(gaugeColumn(columns, rows('93.1', 93.1))).toBe(1)
  expect(gaugeColumn(columns, rows('+0.2', 0.2))).toBe(-1)
  expect(gaugeColumn(columns, rows('120', 120))).toBe(-1)
  expect(gaugeColumn([{ label: 'Index' }, { label: 'LTP' }], rows('93.1', 93.1))).toBe(-1)
})
