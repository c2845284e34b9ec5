import { expect, test } from 'vitest'
import { reasonText } from './reason.js'

test('a reason shows the label of its value', () => {
  expect(reasonText('last_flush_age_sec: 90', { panel: 'storage', label: 'last_flush_age_sec' })).toBe(
    'Last flush: 90',
  )
  expect(reasonText('node-1 restart_count: 12', { panel: 'nodes', label: 'restart_count' })).toBe(
    'node-1 restart count: 12',
  )
  expect(reasonText('NIFTY cpu_pct: 91', { panel: 'x', label: 'cpu_pct' })).toBe('NIFTY CPU: 91')
})

test('a reason that quotes no key stays as it is', () => {
  expect(reasonText('orders-v3: red', { panel: 'indices', label: 'status' })).toBe('orders-v3: red')
  expect(reasonText('stale, last 10:02', null)).toBe('stale, last 10:02')
  expect(reasonText('x', { panel: 'a' })).toBe('x')
})
