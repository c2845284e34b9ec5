import { expect, test } from 'vitest'
import type { Block } from '../state/panels.js'
import { cellFact, plotGroups, shownGroup } from './plottable.js'

const table: Block = {
  kind: 'table',
  columns: [{ label: 'Index' }, { label: 'LTP', fact: 'ltp' }, { label: 'DQ %', fact: 'dq_pct', unit: '%' }],
  rows: [
    [{ text: 'NIFTY' }, { text: '24512.30', value: 24_512.3 }, { text: '95.0', value: 95, tone: 'warn' }],
    [{ text: 'S&P.500' }, { text: '—' }, { text: '92.0', value: 92 }],
  ],
}
const fields: Block = {
  kind: 'fields',
  items: [
    { label: 'status', text: 'ok', tone: 'ok' },
    { label: 'p95_ms', text: '1190 ms', value: 1190, unit: 'ms', fact: 'p95_ms' },
    { label: 'queue', text: '7', value: 7, tone: 'error', fact: 'queue' },
    { label: 'started', text: '09:10', value: 1e12, unit: 'time', fact: 'started_ms' },
  ],
}
const panels = [
  { key: 'cycle', title: 'Cycle', blocks: [fields] },
  { key: 'indices', title: 'Indices', blocks: [table] },
]
const groups = plotGroups(panels)
const idsOf = (group: ReturnType<typeof shownGroup>) => group?.members.map(({ id }) => id)
const still = () => false

test('numbers with facts are plotted, the cells of a column together; moments and missing values are not', () => {
  expect(groups.map(group => idsOf(group))).toEqual([
    ['cycle.p95_ms'],
    ['cycle.queue'],
    ['indices.NIFTY.ltp'],
    ['indices.NIFTY.dq_pct', 'indices.S&P%2E500.dq_pct'],
  ])
  expect(groups[2]?.members[0]).toMatchObject({ name: 'NIFTY', decimals: 2, unit: '' })
  expect(groups[0]?.members[0]).toMatchObject({ name: '95th percentile', unit: 'ms', decimals: 0 })
  expect(cellFact('a.b', [{ text: 'x/y' }], 'z')).toBe('a%2Eb.x%2Fy.z')
})

test('a text in another unit than the value says nothing about its decimals', () => {
  const decimals = (text: string, value: number) =>
    plotGroups([
      {
        key: 'k',
        title: 'K',
        blocks: [{ kind: 'fields', items: [{ label: 'wait', text, value, unit: 'ms', fact: 'wait' }] }],
      },
    ])[0]?.members[0]?.decimals
  expect(decimals('2.41 s', 2413)).toBe(0)
  expect(decimals('2.41 s', 2413.5)).toBe(2)
  expect(decimals('88.4 ms', 88.4)).toBe(1)
})

test('shown is the chosen number with its column; else the first column that moves, the worst field, what moves, what says much', () => {
  expect(idsOf(shownGroup(groups, 'indices.NIFTY.ltp', still))).toEqual(['indices.NIFTY.ltp'])
  const dq = (id: string) => id.endsWith('dq_pct')
  expect(idsOf(shownGroup(groups, 'gone', dq))).toEqual(['indices.NIFTY.dq_pct', 'indices.S&P%2E500.dq_pct'])
  expect(idsOf(shownGroup(groups, null, still))).toEqual(['cycle.queue'])
  const well = groups.filter(group => group.title !== 'Queue')
  expect(idsOf(shownGroup(well, null, id => id === 'cycle.p95_ms'))).toEqual(['cycle.p95_ms'])
  expect(idsOf(shownGroup(well, null, still))).toEqual(['indices.NIFTY.dq_pct', 'indices.S&P%2E500.dq_pct'])
  expect(shownGroup([], null, still)).toBeNull()
})

test('a field that does not change is not shown, unless it is a share', () => {
  const field = (label: string, text: string, unit = '') => ({
    ...{ label, text, value: Number.parseFloat(text), fact: label },
    ...(unit === '' ? {} : { unit }),
  })
  const of = (...items: readonly ReturnType<typeof field>[]) =>
    plotGroups([{ key: 'document', title: 'Document', blocks: [{ kind: 'fields', items }] }])
  const dull = of(field('number_of_nodes', '5'), field('count', '12'))
  expect(shownGroup(dull, null, still)).toBeNull()
  expect(idsOf(shownGroup(dull, null, id => id === 'document.count'))).toEqual(['document.count'])
  expect(idsOf(shownGroup(dull, 'document.count', still))).toEqual(['document.count'])
  const more = of(field('load', '0.5'), field('free', '3', 'GB'), field('used', '91', '%'))
  expect(idsOf(shownGroup(more, null, still))).toEqual(['document.used'])
})
