import { expect, test } from 'vitest'
import type { KeptAlert } from './alert-log.js'
import { announcement, tabTitle } from './words.js'

const alert = (message: string, component = 'Provider'): KeptAlert => ({
  id: 1,
  atMs: 1,
  time: '10:00:00',
  level: 'critical',
  component,
  message,
  times: 1,
  listed: true,
  acknowledged: false,
})

test.each([
  [0, 0, 'G6'],
  [5, 0, '(5) G6'],
  [5, 2, '(2 critical) G6'],
])('%i waiting, %i of them critical: %s', (all, critical, title) => {
  expect(tabTitle('G6', { all, critical }, true)).toBe(title)
  expect(tabTitle('G6', { all, critical }, false)).toBe(`? ${title}`)
})

test('the first new alerts are announced in full, the others counted', () => {
  expect(announcement([])).toBe('')
  expect(announcement([alert('down')])).toBe('critical: Provider: down')
  expect(announcement([alert('down', '—')])).toBe('critical: down')
  expect(announcement(['a', 'b', 'c', 'd', 'e'].map(message => alert(message, '')))).toBe(
    'critical: a. critical: b. critical: c. and 2 more',
  )
})
