import { expect, test } from 'vitest'
import { makePanel } from '../../../panels/lines.js'
import { withdrawnPanel } from './withdrawn.js'

test('a panel that is not judged has no tone and no age; everything else stays', () => {
  const panel = makePanel('indices', 'Indices', [
    {
      kind: 'fields',
      items: [
        { label: 'last_flush_age_sec', text: '2.5', value: 2.5 },
        { label: 'stage', text: 'down', tone: 'error' },
      ],
    },
    {
      kind: 'table',
      columns: [{ label: 'Index' }, { label: 'Age', align: 'right' }],
      rows: [
        [
          { text: 'NIFTY', tone: 'warn' },
          { text: '71s', value: 71, tone: 'error' },
        ],
      ],
    },
    { kind: 'text', text: 'low quality', tone: 'error' },
  ])
  const withdrawn = withdrawnPanel(panel)
  expect(withdrawn.tone).toBe('muted')
  expect(withdrawn.blocks).toEqual([
    {
      kind: 'fields',
      items: [
        { label: 'last_flush_age_sec', text: '—' },
        { label: 'stage', text: 'down' },
      ],
    },
    {
      kind: 'table',
      columns: panel.blocks[1]?.kind === 'table' ? panel.blocks[1].columns : [],
      rows: [[{ text: 'NIFTY' }, { text: '—' }]],
    },
    { kind: 'text', text: 'low quality' },
  ])
})
