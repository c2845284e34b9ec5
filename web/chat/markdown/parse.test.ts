import { expect, test } from 'vitest'
import type { Block } from './blocks.js'
import {
  createParser,
  MAX_BLOCKS,
  MAX_COLUMNS,
  MAX_INLINE,
  MAX_NESTING,
  MAX_TEXT,
  TooLarge,
} from './parse.js'

const parse = createParser(() => 0)
const blocks = (text: string): readonly Block[] => parse(text, {}).map(({ block }) => block)
const paragraph = (...children: Extract<Block, { kind: 'paragraph' }>['children']) => ({
  kind: 'paragraph',
  children,
})

test('paragraphs, headings, emphasis, code, breaks', () => {
  expect(blocks('# One\n\na *b* **c** ~~d~~ `e`  \nf')).toEqual([
    { kind: 'heading', level: 3, children: ['One'] },
    paragraph(
      'a ',
      { kind: 'em', children: ['b'] },
      ' ',
      { kind: 'strong', children: ['c'] },
      ' ',
      { kind: 'del', children: ['d'] },
      ' ',
      { kind: 'code', text: 'e' },
      { kind: 'break' },
      'f',
    ),
  ])
  expect(blocks('###### deep')).toEqual([{ kind: 'heading', level: 6, children: ['deep'] }])
})

test('lists, quotes, rules, code, tables', () => {
  expect(blocks('3. a\n4. b\n   - c')).toEqual([
    {
      kind: 'list',
      start: 3,
      items: [[paragraph('a')], [paragraph('b'), { kind: 'list', start: null, items: [[paragraph('c')]] }]],
    },
  ])
  expect(blocks('> a\n\n---\n\n```sh title="x"\nb\n```')).toEqual([
    { kind: 'quote', blocks: [paragraph('a')] },
    { kind: 'rule' },
    { kind: 'code', language: 'sh', text: 'b' },
  ])
  expect(blocks('|a|b|\n|-|-:|\n|1|2|')).toEqual([
    { kind: 'table', align: [null, 'right'], head: [['a'], ['b']], rows: [[['1'], ['2']]] },
  ])
})

test('links show their host; other schemes stay the text they are', () => {
  expect(blocks('[a](https://example.org/x "t")')).toEqual([
    paragraph({ kind: 'link', href: 'https://example.org/x', host: 'example.org', children: ['a'] }),
  ])
  expect(blocks('<https://example.org/>')).toEqual([
    paragraph({
      kind: 'link',
      href: 'https://example.org/',
      host: 'example.org',
      children: ['https://example.org/'],
    }),
  ])
  for (const text of ['[a](javascript:alert(1))', '[a](data:text/html,x)', '[a](https://u@example.org)']) {
    expect(blocks(text)).toEqual([paragraph(text)])
  }
  expect(blocks('[a](&#106;avascript:alert(1))')).toEqual([paragraph('[a](javascript:alert(1))')])
})

test('a picture is its name and its address, never loaded', () => {
  expect(blocks('![plan](https://example.org/p.png)')).toEqual([
    paragraph({ kind: 'image', href: 'https://example.org/p.png', host: 'example.org', alt: 'plan' }),
  ])
  expect(blocks('![x](data:image/png;base64,AA)')).toEqual([paragraph('![x](data:image/png;base64,AA)')])
})

test('HTML is the text it is', () => {
  expect(blocks('<img src=x onerror=alert(1)>')).toEqual([paragraph('<img src=x onerror=alert(1)>')])
  expect(blocks('<script>\nalert(1)\n</script>')).toEqual([
    paragraph('<script>', '\n', 'alert(1)', '\n', '</script>'),
  ])
  expect(blocks('<!-- a -->')).toEqual([paragraph('<!-- a -->')])
})

test('numbers in brackets are apart, in text only', () => {
  expect(blocks('a[1][12] `[1]`')).toEqual([
    paragraph('a', { kind: 'number', number: 1 }, { kind: 'number', number: 12 }, ' ', {
      kind: 'code',
      text: '[1]',
    }),
  ])
})

test('entities', () => {
  expect(blocks('a&nbsp;b &lt; &#x41; &nosuch;')).toEqual([paragraph('a\u{a0}b < A &nosuch;')])
})

test('the lines of each block', () => {
  expect(parse('a\nb\n\n- c\n\n\nd', {}).map(({ firstLine, endLine }) => [firstLine, endLine])).toEqual([
    [0, 2],
    // A list takes the empty lines after it.
    [3, 6],
    [6, 7],
  ])
})

test.each([
  ['quotes', '> '.repeat(MAX_NESTING + 1)],
  ['quotes far over it', '> '.repeat(20_000)],
  ['lists', '- '.repeat(MAX_NESTING + 1)],
  ['quotes and lists', '> - '.repeat(5_000)],
  ['emphasis', `${'*a '.repeat(MAX_NESTING + 1)}${'b* '.repeat(MAX_NESTING + 1)}`],
  ['blocks', 'a\n\n'.repeat(MAX_BLOCKS + 1)],
  ['cells', `|a|\n|-|\n${'|b|\n'.repeat(MAX_BLOCKS)}`],
  ['columns', `|${'a|'.repeat(MAX_COLUMNS + 1)}\n|${'-|'.repeat(MAX_COLUMNS + 1)}\n`],
  ['text', 'a\n'.repeat(MAX_TEXT / 2 + 1)],
  ['a paragraph', 'a'.repeat(MAX_INLINE + 1)],
])('too many or too long: %s', (_, text) => {
  expect(() => blocks(`${text}a\nend`)).toThrow(TooLarge)
})

test('as much as may be is formatted', () => {
  expect(blocks(`${'> '.repeat(MAX_NESTING - 1)}a`)).toHaveLength(1)
  expect(blocks('a\n\n'.repeat(MAX_BLOCKS - 1))).toHaveLength(MAX_BLOCKS - 1)
  expect(blocks(`|${'a|'.repeat(MAX_COLUMNS)}\n|${'-|'.repeat(MAX_COLUMNS)}`)).toHaveLength(1)
})

test.each([
  ['link definitions', '[a]: b\n'.repeat(50_000)],
  ['brackets', '['.repeat(MAX_INLINE)],
])('it gives up when its time is over: %s', (_, text) => {
  let ms = 0
  const slow = createParser(() => ms++)
  expect(() => slow(text, {})).toThrow(TooLarge)
})
