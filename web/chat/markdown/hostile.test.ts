// Known bad inputs of Markdown parsers: each is formatted or refused, in bounded work.
import { expect, test } from 'vitest'
import { createFormatter } from './formatter.js'

const SIZE = 2 ** 17
const of = (part: string, size = SIZE): string => part.repeat(Math.ceil(size / part.length)).slice(0, size)

const BAD: readonly (readonly [name: string, text: string])[] = [
  ['brackets', of('[')],
  ['links begun', of('[a](')],
  ['links in links', of('[a](b')],
  ['images in images', of('![')],
  ['stars', of('*')],
  ['stars around', `${of('*', 16_000)}a${of('*', 16_000)}`],
  ['words with stars', of('*a **a ')],
  ['underscores', of('a_')],
  ['ticks of every length', Array.from({ length: 1_400 }, (_, i) => '`'.repeat(i)).join(' ')],
  ['HTML begun', of('<a href="')],
  ['comments begun', of('<!--')],
  ['entities', of('&#x41;')],
  ['backslashes', of('\\')],
  ['quotes', of('> ')],
  ['lists', of('- ')],
  ['items', of('* a\n')],
  ['definitions', of('[a]: b\n')],
  ['definitions begun', of('[a]: "')],
  ['lazy quotes', of('> a\nb\n')],
  ['table rows', `|a|\n|-|\n${of('x\n')}`],
  ['fences', of('```\n')],
  ['titles', `[a](b "${of('\\"')}`],
  ['empty lines', of('\n')],
  ['tabs', of('\t')],
  ['one long word', of('a')],
  ['nothing at all', of('\0')],
]

// The parser checks its own time; here each check counts as a thousandth of it, so that the bound holds on any machine.
test.each(BAD)('%s', (_, text) => {
  let checks = 0
  const { format } = createFormatter(() => checks++ / 10)
  const { blocks, isPlain } = format(text, true)
  expect(blocks.length).toBeGreaterThan(isPlain ? 0 : -1)
  expect(checks).toBeLessThan(20_000)
})
