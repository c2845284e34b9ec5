import { describe, expect, test } from 'vitest'
import type { Block, Cell, Column, Field } from '../state/panels.js'
import { neededCh, shownColumns, widthsOf, wraps } from './columns.js'
import { columnsFor, columnsIn, sizeOf } from './placement.js'
import { nextSort, sortedPlaces } from './sort.js'

const COLUMNS = [
  { label: 'Name', priority: 10 },
  { label: 'Text', priority: 5 },
  { label: 'N', align: 'right', priority: 7 },
] as const
const row = (name: string, text: string, value: number) => [
  { text: name },
  { text },
  { text: String(value), value },
]

describe('columns', () => {
  test('are as wide as their widest text, texts up to a limit, and do not shrink', () => {
    const widths = widthsOf(
      COLUMNS,
      [[{ text: 'abcdefgh' }, { text: 'x'.repeat(80) }, { text: '1'.repeat(17) }]],
      [],
    )
    // The first one has room for the mark of its row.
    expect(widths).toEqual([10, 16, 17])
    const long = [
      [{ text: 'web-5-7c9f8d6b5-09aab' }, { text: '2026-11-29 19:25:11', value: 1, unit: 'time' }],
    ]
    expect(widthsOf(COLUMNS.slice(0, 2), long, [])).toEqual([23, 19])
    expect(widthsOf(COLUMNS.slice(0, 2), long, [], undefined, true)).toEqual([16, 16])
    expect([15, 16, 19, 23, 24].map(width => wraps(COLUMNS[1], width))).toEqual([
      false,
      true,
      false,
      false,
      true,
    ])
    expect(widthsOf(COLUMNS, [row('a', 'b', 1)], widths)).toEqual(widths)
    expect(wraps(COLUMNS[1], 16)).toBe(true)
    expect(wraps(COLUMNS[2], 40)).toBe(false)
  })
  test('are dropped by priority where they do not fit, and two always stay: a name and its value', () => {
    expect(shownColumns(COLUMNS, [8, 16, 4], 100)).toEqual([0, 1, 2])
    expect(shownColumns(COLUMNS, [8, 16, 4], 20)).toEqual([0, 2])
    expect(shownColumns(COLUMNS, [8, 16, 4], 1)).toEqual([0, 2])
    expect(shownColumns(COLUMNS.slice(0, 2), [24, 16], 20)).toEqual([0, 1])
    expect(neededCh([0, 1], [24, 16])).toBe(44)
    // Without room words wrap, numbers never.
    expect(COLUMNS.map(column => wraps(column, 8, true))).toEqual([true, true, false])
  })
})

describe('sorting', () => {
  const rows = [
    row('b', 'x', 10),
    row('a', 'x', 9),
    [{ text: 'c' }, { text: 'x' }, { text: '—' }],
    row('d', 'x', 100),
  ]
  test('is by value, missing values always last', () => {
    expect(sortedPlaces(rows, { column: 2, direction: 'ascending' })).toEqual([1, 0, 3, 2])
    expect(sortedPlaces(rows, { column: 2, direction: 'descending' })).toEqual([3, 0, 1, 2])
  })
  test('orders numbers in texts as numbers', () => {
    const named = ['leg 10', 'leg 9', 'leg 1'].map(name => row(name, '', 1))
    expect(sortedPlaces(named, { column: 0, direction: 'ascending' })).toEqual([2, 1, 0])
  })
  test('leaves equal rows as they came', () => {
    expect(sortedPlaces(rows, { column: 1, direction: 'descending' })).toEqual([0, 1, 2, 3])
    expect(sortedPlaces(rows, null)).toEqual([0, 1, 2, 3])
  })
  test('puts rows that are not well first where there are more than twelve, unless a column is chosen', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i): readonly Cell[] => {
        const tone = i === count - 1 ? 'error' : i === 3 ? 'warn' : undefined
        return [{ text: `r${i}` }, tone === undefined ? { text: 'ok', tone: 'ok' } : { text: 'bad', tone }]
      })
    expect(sortedPlaces(many(13), null).slice(0, 3)).toEqual([12, 3, 0])
    expect(sortedPlaces(many(12), null)[0]).toBe(0)
    expect(sortedPlaces(many(13), { column: 0, direction: 'ascending' })[0]).toBe(0)
  })
  test('goes up, down, and off', () => {
    const up = nextSort(null, 1)
    expect(up).toEqual({ column: 1, direction: 'ascending' })
    const down = nextSort(up, 1)
    expect(down).toEqual({ column: 1, direction: 'descending' })
    expect(nextSort(down, 1)).toBe(null)
    expect(nextSort(down, 0)).toEqual({ column: 0, direction: 'ascending' })
  })
})

describe('cards are placed', () => {
  const card = (key: string, height: number, isWide = false) => ({ key, height, isWide })
  test('in no more columns than they fill, so that few cards leave no hole', () => {
    const [one, wide] = [card('a', 5), card('w', 5, true)]
    expect(columnsFor([one, one, one, wide], 3)).toBe(3)
    expect(columnsFor([one, one], 5)).toBe(2)
    expect(columnsFor([wide, one], 5)).toBe(3)
    expect(columnsFor([wide, wide], 3)).toBe(2)
    expect(columnsFor([wide], 1)).toBe(1)
    expect(columnsFor([], 3)).toBe(1)
  })
  test('in 1, 2, 3 or 4 columns', () => {
    expect([360, 599, 600, 999, 1000, 1999, 2000, 3840].map(columnsIn)).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
  })
  const size = (blocks: readonly Block[], isFolded = false) =>
    sizeOf('k', { blocks, everKnown: new Set() }, isFolded)
  test('as high as the fields that they show', () => {
    const rows = [[{ text: 'a' }], [{ text: 'b' }]]
    const table: Block = { kind: 'table', columns: [{ label: 'Name' }], rows }
    const fields = (...items: readonly Field[]): Block => ({ kind: 'fields', items })
    const names = { label: 'names', text: 'a, b' }
    const count = { label: 'points', text: '12', value: 12 }
    const never = { label: 'lag', text: '—' }
    const { height } = size([table])
    // The table says the names, the head says a count alone, and a field that never had a value is not shown.
    expect(size([fields(names, count, never), table]).height).toBe(height)
    expect(size([fields({ label: 'queue', text: 'long' }), table]).height).toBeGreaterThan(height)
  })
  test('lower over two columns where they have many fields', () => {
    const items = Array.from({ length: 12 }, (_, i) => ({ label: `n${i}`, text: 'a' }))
    const { height, wideHeight } = size([{ kind: 'fields', items }])
    expect([height, wideHeight].map(each => each?.toFixed(1))).toEqual(['25.7', '14.5'])
    expect(size([{ kind: 'fields', items: items.slice(7) }]).wideHeight).toBeUndefined()
    expect(size([{ kind: 'fields', items }], true).wideHeight).toBeUndefined()
  })
  test('in as many columns as a board file gives them', () => {
    expect(columnsFor([{ ...card('a', 5), span: 3 }], 4)).toBe(3)
  })
  test('wide when a table needs it or has messages', () => {
    const table = (column: Column) =>
      size([{ kind: 'table', columns: [{ label: 'Time' }, column], rows: [[{ text: 'a' }, { text: 'b' }]] }])
    expect(table({ label: 'What', role: 'message' }).isWide).toBe(true)
    expect(table({ label: 'Message' }).isWide).toBe(false)
    expect(size([{ kind: 'fields', items: [{ label: 'a', text: 'b' }] }], true).height).toBe(3.4)
  })
})
