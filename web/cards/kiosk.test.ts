import { expect, test } from 'vitest'
import type { Field } from '../state/panels.js'
import { fewFields, moreRows, moreText } from './kiosk.js'

test('of more fields than there is room for those that are not well stay, and then the first', () => {
  const field = (label: string, tone?: Field['tone']): Field => ({ label, text: '1', ...(tone && { tone }) })
  const items = [field('a'), field('b', 'ok'), field('c', 'warn'), field('d'), field('e', 'error')]
  expect(fewFields(items, 3).map(({ label }) => label)).toEqual(['a', 'c', 'e'])
  expect(fewFields(items, 5)).toBe(items)
})

test('what is left out is counted, and judged only while the data are', () => {
  expect(moreText(6, 0, true)).toBe('6 more, all well')
  expect(moreText(6, 2, true)).toBe('6 more, 2 not well')
  expect(moreText(6, 0, false)).toBe('6 more')
})

test('rows that the panel does not have are counted with those there is no room for', () => {
  const rows = [[{ text: 'a' }, { text: 'failed', tone: 'error' as const }], [{ text: 'b' }]]
  expect(moreRows(rows, 0, true)).toBe('2 more, 1 not well')
  expect(moreRows(rows.slice(1), 300, true)).toBe('301 more, all well')
  expect(moreRows([], 300, false)).toBe('300 more')
})
