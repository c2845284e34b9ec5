import { expect, test } from 'vitest'
import type { Block } from '../panels/panel.js'
import { restIn, restOf, scrollText } from './rest.js'

const text = (content: string): Block => ({ kind: 'text', text: content })

test('the rest of a table is what the notes of its panel say about rows', () => {
  expect(restIn(text('1 more row not shown'))).toEqual({ rows: 1, notWell: 0 })
  const notes = [
    text('300 more rows not shown, 3 of them not well'),
    text('2 more columns not shown'),
    text('9 more rows not shown'),
  ]
  expect(restOf(notes)).toEqual({ rows: 309, notWell: 3 })
  for (const other of [text('2 more columns not shown'), text('the service has 3 more rows not shown')])
    expect(restIn(other)).toBeNull()
  expect(restOf([])).toEqual({ rows: 0, notWell: 0 })
})

test('a table that scrolls says in one sentence how many rows there are to see', () => {
  expect(scrollText(200, 0)).toBe('Scroll to see all 200 rows.')
  expect(scrollText(200, 300)).toBe('Scroll to see 200 of the 500 rows.')
})
