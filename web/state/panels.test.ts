import { describe, expect, test } from 'vitest'
import { type Block, keptBlocks, shownPanel } from './panels.js'
import { rowKeys } from './row-keys.js'

const table = (...rows: readonly (readonly string[])[]): Block => ({
  kind: 'table',
  columns: [{ label: 'Index' }, { label: 'LTP', align: 'right' }],
  rows: rows.map(row => row.map(text => ({ text }))),
})
const rowsOf = (blocks: readonly Block[]) => (blocks[0]?.kind === 'table' ? blocks[0].rows : [])

describe('unchanged parts stay the same objects:', () => {
  test('rows and cells, also of a moved row', () => {
    const before = [table(['A', '1'], ['B', '2'])]
    const after = keptBlocks(before, [table(['N', '0'], ['A', '1'], ['B', '3'])])
    expect(rowsOf(after)[1]).toBe(rowsOf(before)[0])
    expect(rowsOf(after)[2]).not.toBe(rowsOf(before)[1])
    expect(rowsOf(after)[2]?.[0]).toBe(rowsOf(before)[1]?.[0])
    expect(rowsOf(after).map(row => row.map(({ text }) => text))).toEqual([
      ['N', '0'],
      ['A', '1'],
      ['B', '3'],
    ])
  })
  test('a cell of which only the value changed is a new one', () => {
    const cell = (value: number): Block => ({
      kind: 'table',
      columns: [{ label: 'LTP' }],
      rows: [[{ text: '1.00', value }]],
    })
    const before = [cell(1.001)]
    expect(rowsOf(keptBlocks(before, [cell(1.001)]))[0]).toBe(rowsOf(before)[0])
    expect(rowsOf(keptBlocks(before, [cell(1.002)]))[0]?.[0]?.value).toBe(1.002)
  })
  test('columns and the list of rows, when all are equal', () => {
    const before = table(['A', '1'])
    const [after] = keptBlocks([before], [table(['A', '1'])])
    expect(after).toMatchObject({ kind: 'table' })
    if (after?.kind === 'table' && before.kind === 'table') {
      expect(after.rows).toBe(before.rows)
      expect(after.columns).toBe(before.columns)
    }
  })
  test('fields, by their label; a tone alone is a change', () => {
    const before: Block = {
      kind: 'fields',
      items: [
        { label: 'a', text: '1' },
        { label: 'b', text: '2' },
      ],
    }
    const [after] = keptBlocks(
      [before],
      [
        {
          kind: 'fields',
          items: [
            { label: 'b', text: '2', tone: 'warn' },
            { label: 'a', text: '1' },
          ],
        },
      ],
    )
    if (after?.kind !== 'fields') throw new Error('no fields')
    expect(after.items[1]).toBe(before.items[0])
    expect(after.items[0]).toEqual({ label: 'b', text: '2', tone: 'warn' })
  })
})

describe('a row is identified by', () => {
  const keys = (...rows: readonly (readonly string[])[]) =>
    rowKeys(rows.map(row => row.map(text => ({ text }))))
  test('its first cell, and by the next ones where that is not unique', () => {
    expect(keys(['A', '1'], ['B', '2'])).toEqual(['A', 'B'])
    expect(keys(['A', '1'], ['A', '2'], ['B', '3'])).toEqual(['A\u00001', 'A\u00002', 'B'])
  })
  test('its place among equal rows', () => {
    expect(new Set(keys(['A', '1'], ['A', '1'], ['A', '1'])).size).toBe(3)
    expect(keys([], [])).toHaveLength(2)
  })
})

test('a panel of a kind of block not known here shows its lines', () => {
  const shown = shownPanel(
    { key: 'k', title: 'K', tone: 'odd', lines: ['x: 1', 'y'], hash: 'h', blocks: [{ kind: 'chart' }] },
    null,
    5,
    true,
  )
  expect(shown.blocks).toEqual([
    { kind: 'text', text: 'x: 1' },
    { kind: 'text', text: 'y' },
  ])
  expect(shown).toMatchObject({ tone: 'info', changedAtMs: 5, seenToChange: false })
})
