import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { linesOf, makePanel, toneOf } from './lines.js'
import { type Block, TONES } from './panel.js'

describe('lines', () => {
  test('are the label and text of a field, and its mark', () => {
    const items = TONES.map(tone => ({ label: tone, text: 'x', tone }))
    expect(linesOf([{ kind: 'fields', items: [{ label: 'none', text: 'x' }, ...items] }])).toEqual([
      'none: x',
      'ok: x',
      'warn: x !',
      'error: x !!',
      'info: x',
      'muted: x',
    ])
  })

  test('say `name=value` for fields that are written so', () => {
    const items = [{ label: 'api_ms', text: '88.40', tone: 'warn' }] as const
    expect(linesOf([{ kind: 'fields', items, separator: '=' }])).toEqual(['api_ms=88.40 !'])
  })

  test('are a text, and its mark', () => {
    expect(
      linesOf([
        { kind: 'text', text: 'a=1.00' },
        { kind: 'text', text: 'gone', tone: 'error' },
      ]),
    ).toEqual(['a=1.00', 'gone !!'])
  })

  test('are a table in aligned columns under its header; numbers end in one column, marks stand behind', () => {
    const table: Block = {
      kind: 'table',
      columns: [
        { label: 'Index' },
        { label: 'DQ %', align: 'right' },
        { label: 'Status' },
        { label: 'N', align: 'right' },
      ],
      rows: [
        [{ text: 'NIFTY' }, { text: '93.10' }, { text: 'ok' }, { text: '1' }],
        [
          { text: 'BANKNIFTY' },
          { text: '8.50', tone: 'warn' },
          { text: 'warn', tone: 'warn' },
          { text: '22' },
        ],
        [{ text: 'X' }, { text: '100.00', tone: 'error' }, { text: 'bad', tone: 'error' }],
      ],
    }
    expect(linesOf([table])).toEqual([
      'Index        DQ %     Status   N',
      'NIFTY       93.10     ok       1',
      'BANKNIFTY    8.50 !   warn !  22',
      'X          100.00 !!  bad !!',
    ])
  })

  test('count wide characters by the columns they take', () => {
    const rows = ['指数', 'ab', '👩\u200d💻', 'e\u0301'].map(text => [{ text }, { text: '|' }])
    const lines = linesOf([{ kind: 'table', columns: [{ label: 'Name' }, { label: '|' }], rows }])
    expect(lines.map(line => stringWidth(line.slice(0, line.indexOf('|'))))).toEqual([6, 6, 6, 6, 6])
  })

  test('of a table without rows are none', () => {
    expect(linesOf([{ kind: 'table', columns: [{ label: 'Index' }], rows: [] }])).toEqual([])
  })

  test('of any table line up: every column begins where its header does', () => {
    const cell = fc.record({
      text: fc.string({ unit: fc.constantFrom('a', 'Z', '7', '指', '👍', 'é', '—'), maxLength: 12 }),
      tone: fc.constantFrom(...TONES),
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }), rows => {
        const last = { text: '|' }
        const columns = [
          { label: 'A' },
          { label: 'Long label', align: 'right' as const },
          { label: '指' },
          { label: '|' },
        ]
        const lines = linesOf([{ kind: 'table', columns, rows: rows.map(row => [...row, last]) }])
        const widths = lines.map(line => stringWidth(line))
        expect(new Set(widths).size).toBe(1)
        expect(lines).toHaveLength(rows.length + 1)
      }),
    )
  })
})

describe('the tone of a panel', () => {
  const fields = (...tones: (Block & { kind: 'fields' })['items'][number]['tone'][]): Block => ({
    kind: 'fields',
    items: tones.map(tone =>
      tone === undefined ? { label: 'l', text: 'x' } : { label: 'l', text: 'x', tone },
    ),
  })

  test('is the worst of its cells, wherever it is', () => {
    expect(toneOf([fields('ok', 'warn', 'info')])).toBe('warn')
    expect(toneOf([fields('ok', 'info')])).toBe('info')
    expect(toneOf([fields('muted', 'ok')])).toBe('ok')
    expect(toneOf([fields('warn'), { kind: 'text', text: 'x', tone: 'error' }])).toBe('error')
    const rows = [[{ text: 'a' }, { text: 'b', tone: 'error' as const }]]
    expect(toneOf([fields('warn'), { kind: 'table', columns: [], rows }])).toBe('error')
  })

  test('without tones is ok where there is a value, and muted where there is none', () => {
    const missing = { label: 'l', text: '—' }
    expect(toneOf([fields(undefined)])).toBe('ok')
    expect(toneOf([{ kind: 'fields', items: [missing, missing] }])).toBe('muted')
    expect(toneOf([{ kind: 'fields', items: [missing, { label: 'l', text: '0' }] }])).toBe('ok')
    expect(toneOf([])).toBe('muted')
  })
})

test('a panel has the tone and the lines of its blocks', () => {
  const blocks: Block[] = [{ kind: 'text', text: 'x', tone: 'warn' }]
  expect(makePanel('k', 'T', blocks)).toEqual({ key: 'k', title: 'T', tone: 'warn', blocks, lines: ['x !'] })
})
