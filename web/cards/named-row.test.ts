import { expect, test } from 'vitest'
import type { Block, Cell } from '../state/panels.js'
import { rowKeys } from '../state/row-keys.js'
import { namedRow } from './named-row.js'

const pod = (namespace: string, name: string, state: string): readonly Cell[] => [
  { text: namespace },
  { text: name },
  state === 'Running' ? { text: state, tone: 'ok' } : { text: state, tone: 'error' },
]
const rows = [
  pod('shop', 'web-0', 'Running'),
  pod('shop', 'web-1', 'CrashLoopBackOff'),
  pod('shop', 'web-2', 'CrashLoopBackOff'),
  pod('mail', 'web-1', 'CrashLoopBackOff'),
]
const blocks: readonly Block[] = [
  { kind: 'text', text: 'pods' },
  {
    kind: 'table',
    columns: [{ label: 'Namespace' }, { label: 'Name' }, { label: 'State', role: 'state' }],
    rows,
  },
]
const keys = rowKeys(rows)

test('the row of a reason is the one that is not well and has most of what it says', () => {
  expect(namedRow(blocks, { row: 'shop' }, 'shop web-2: CrashLoopBackOff')).toBe(keys[2])
  expect(namedRow(blocks, { row: 'shop' }, 'shop web-1: CrashLoopBackOff')).toBe(keys[1])
  // A reason that names no more than the first cell leads to the first row that is not well.
  expect(namedRow(blocks, { row: 'shop' }, 'shop restarts: 12')).toBe(keys[1])
  expect(namedRow(blocks, { row: 'mail' }, 'mail web-1: CrashLoopBackOff')).toBe('mail')
  expect(namedRow(blocks, { row: 'gone' }, 'gone: down')).toBeNull()
  expect(namedRow(blocks, {}, 'Provider: down')).toBeNull()
})
