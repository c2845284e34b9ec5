import { expect, test } from 'vitest'
import { fields, isPanelKey, table, text } from './content.js'
import { linesOf, toneOf } from './lines.js'

test('fields show texts, numbers, booleans and what is missing, with the tone they are given', () => {
  const { title, blocks } = fields('Sum', {
    jobs: 2,
    load: 0.4567,
    host: 'a\u001b[31m b',
    ready: true,
    last: null,
    broken: Number.NaN,
    disk: { text: '91 %', value: 91, tone: 'warn' },
  })
  expect(title).toBe('Sum')
  expect(linesOf(blocks)).toEqual([
    'jobs: 2',
    'load: 0.46',
    'host: a b',
    'ready: true',
    'last: —',
    'broken: —',
    'disk: 91 % !',
  ])
  expect(toneOf(blocks)).toBe('warn')
  expect(blocks[0]).toMatchObject({ items: [{ value: 2 }, { value: 0.4567 }, {}, {}, {}, {}, { value: 91 }] })
})

test('a column of numbers is aligned to the right, unless it says otherwise', () => {
  const rows = [
    ['mail', 7, 1],
    ['report', 120, 20],
  ]
  const { blocks } = table('Queue', ['job', 'size', { label: 'age', align: 'left' }], rows)
  expect(linesOf(blocks)).toEqual(['job     size  age', 'mail       7  1', 'report   120  20'])
})

test('a text has one line for each of its lines', () => {
  expect(linesOf(text('Note', 'one\n\ntwo').blocks)).toEqual(['one', '', 'two'])
  expect(linesOf(text('Note', 'down', 'error').blocks)).toEqual(['down !!'])
})

test.each([
  [() => table('Q', ['a', 'b'], [['x']]), 'row 1 of "Q" has 1 values for 2 columns'],
  [() => fields(' ', {}), 'a panel needs a title'],
  [() => fields('S', { a: [1] as never }), '"a" of "S" must be a text, a number, a boolean, null or'],
  [() => fields('S', { a: { text: 'x', tone: 'red' as never } }), 'has the tone "red"; allowed: ok, warn'],
  [() => table('Q', [], Array(10_001).fill([])), 'rows of "Q": 10001 given, 10000 are allowed'],
])('what cannot be shown is an error that says what is wrong and what is allowed', (make, message) => {
  expect(make).toThrow(message)
})

test.each(['queue', 'a', 'disk.sda-1_x', `k${'x'.repeat(63)}`])('"%s" is a key', key => {
  expect(isPanelKey(key)).toBe(true)
})

test.each(['', '1a', 'a b', 'a,b', '__proto__', 'constructor', `k${'x'.repeat(64)}`])(
  '"%s" is no key',
  key => {
    expect(isPanelKey(key)).toBe(false)
  },
)
