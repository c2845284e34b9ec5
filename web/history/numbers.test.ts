import { describe, expect, test } from 'vitest'
import type { Block } from '../../src/panels/panel.js'
import { samplesOf } from './numbers.js'

const table = (columns: string[], ...rows: (string | number)[][]): Block => ({
  kind: 'table',
  columns: columns.map(label => ({ label })),
  rows: rows.map(row =>
    row.map(cell => (typeof cell === 'number' ? { text: `~${cell}`, value: cell } : { text: cell })),
  ),
})
const fields = (values: Record<string, number | string>): Block => ({
  kind: 'fields',
  items: Object.entries(values).map(([label, value]) =>
    typeof value === 'number' ? { label, text: `~${value}`, value } : { label, text: value },
  ),
})

describe('indices', () => {
  test('give a price and a data quality each, wherever the columns stand', () => {
    const blocks = [
      fields({ count: 2 }),
      table(
        ['DQ %', 'Index', 'Legs', 'LTP'],
        [96.9, 'NIFTY', 189, 24543.27],
        [88.7, 'BANKNIFTY', 179, 51999],
      ),
    ]
    expect(samplesOf('indices', blocks)).toEqual([
      { group: 'dq', label: 'NIFTY', value: 96.9 },
      { group: 'dq', label: 'BANKNIFTY', value: 88.7 },
      { group: 'lowest', label: 'lowest', value: 88.7 },
      { group: 'ltp', label: 'NIFTY', value: 24543.27 },
      { group: 'ltp', label: 'BANKNIFTY', value: 51999 },
    ])
  })

  test('however many give the lowest data quality of all that have one', () => {
    const rows = Array.from({ length: 500 }, (_, i) => [`INDEX${i}`, 500 - i])
    const lowest = (...last: (string | number)[][]) =>
      samplesOf('indices', [table(['Index', 'DQ %'], ...rows, ...last)]).at(-1)
    expect(lowest(['SENSEX', '—'])).toEqual({ group: 'lowest', label: 'lowest', value: 1 })
    expect(lowest(['SENSEX', 0])).toEqual({ group: 'lowest', label: 'lowest', value: 0 })
    expect(samplesOf('indices', [table(['Index', 'DQ %'], ['NIFTY', '—'])])).toEqual([
      { group: 'dq', label: 'NIFTY', value: null },
      { group: 'lowest', label: 'lowest', value: null },
    ])
  })

  test('without a number are a gap: text is not read', () => {
    expect(samplesOf('indices', [table(['Index', 'LTP'], ['NIFTY', '24543.27'], ['SENSEX', '—'])])).toEqual([
      { group: 'ltp', label: 'NIFTY', value: null },
      { group: 'ltp', label: 'SENSEX', value: null },
    ])
  })

  test('of a panel shown otherwise give nothing', () => {
    expect(samplesOf('indices', [{ kind: 'text', text: 'panel failed: Error' }])).toEqual([])
    expect(samplesOf('indices', [table(['Name', 'LTP'], ['NIFTY', 1])])).toEqual([])
    expect(samplesOf('indices', [table(['Index', 'LTP'], [''], [])])).toEqual([])
  })
})

describe('the cycle', () => {
  test('gives its last and its p95 time, both in seconds', () => {
    expect(samplesOf('cycle', [fields({ cycle: 7, last_duration: 0.696, p95: 1062 })])).toEqual([
      { group: 'cycle', label: 'last', value: 0.696 },
      { group: 'cycle', label: 'p95', value: 1.062 },
    ])
  })

  test('without them gives gaps', () => {
    expect(samplesOf('cycle', [fields({ last_duration: '—' })]).map(({ value }) => value)).toEqual([
      null,
      null,
    ])
  })
})

test('resources give processor and memory', () => {
  expect(samplesOf('resources', [fields({ cpu_pct: 0, memory_mb: 232.65 })])).toEqual([
    { group: 'cpu', label: 'CPU', value: 0 },
    { group: 'memory', label: 'Memory', value: 232.65 },
  ])
})

test('other panels give nothing, whatever they are called', () => {
  for (const key of ['storage', 'toString', '__proto__', ''])
    expect(samplesOf(key, [fields({ cpu_pct: 1 })])).toEqual([])
})
