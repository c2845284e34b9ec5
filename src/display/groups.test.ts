import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Block, Field } from '../panels/panel.js'
import { groupFields, groupsOf } from './groups.js'

const number = (label: string): Field => ({ label, text: '1', value: 1 })

const SHARDS = [
  { label: 'status', text: 'red', tone: 'error' } as const,
  ...['active_primary_shards', 'active_shards', 'number_of_nodes', 'unassigned_shards'].map(number),
  number('active_shards_percent_as_number'),
]

describe('fields', () => {
  test('that share their last word stand together and lose it', () => {
    const shown = groupFields(SHARDS).map(({ title, items }) => [title, ...items.map(({ label }) => label)])
    expect(shown).toEqual([
      [null, 'Status', 'Nodes', 'Active shards'],
      ['Shards', 'Active primary', 'Active', 'Unassigned'],
    ])
  })

  test('that are two stay where they are', () => {
    const fields = ['data_nodes', 'number_of_nodes', 'cpu'].map(number)
    expect(groupFields(fields).map(({ title }) => title)).toEqual([null])
  })

  test('of any labels are all there once, in groups that are not empty', () => {
    const words = fc.array(fc.constantFrom('a_b', 'b', 'x_b', 'c_ms', 'd_ms', 'e_f_ms', 'g_f', 'h_f', ''), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(words, labels => {
        const fields = labels.map(number)
        const groups = groupFields(fields)
        const shown = groups.flatMap(({ items }) => items)
        expect(new Set(shown.map(({ field }) => field))).toEqual(new Set(fields))
        expect(shown).toHaveLength(fields.length)
        for (const { items } of groups) for (const { label } of items) expect(label).not.toBe('')
        for (const { items } of groups) expect(items.length).toBeGreaterThan(0)
      }),
    )
  })
})

const table = (rows: readonly (readonly string[])[], last = 'Value'): Block => ({
  kind: 'table',
  columns: ['Sink', 'Metric', last].map(label => ({ label })),
  rows: rows.map(cells => cells.map(text => ({ text }))),
})

describe('a table of sink, metric and value', () => {
  test('is a group for each sink', () => {
    const groups = groupsOf(
      table([
        ['CSV', 'last_write', '14:16:30'],
        ['CSV', 'records', '40211'],
        ['backup', 'size_mb', '410'],
      ]),
    )
    expect(
      groups?.map(({ title, items }) => [
        title,
        ...items.map(({ label, unit, field }) => [label, field.text, unit]),
      ]),
    ).toEqual([
      ['CSV', ['Last write', '14:16:30', null], ['Records', '40211', null]],
      ['Backup', ['Size', '410', 'MB']],
    ])
  })

  test('is no other table', () => {
    expect(groupsOf(table([['a', 'b', 'c']], 'Age'))).toBeNull()
    expect(groupsOf(table([]))).toBeNull()
    expect(
      groupsOf(
        table([
          ['a', 'x', '1'],
          ['b', 'x', '2'],
        ]),
      ),
    ).toBeNull()
    expect(groupsOf({ kind: 'text', text: 'a' })).toBeNull()
  })
})
