import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFormatter } from './formatter.js'
import { MAX_TEXT } from './parse.js'

const fresh = () => createFormatter(() => 0)

const ANSWER = [
  '# Title',
  '',
  'A *paragraph* with [a link](https://example.org/).',
  'It goes on.',
  '',
  '- one',
  '- two',
  '',
  '```sh',
  'echo "a"',
  '',
  'echo b',
  '```',
  '',
  '| a | b |',
  '|---|--:|',
  '| 1 | 2 |',
  '',
  '> quote',
  '',
  'End.\r\n\r\nOf windows.',
].join('\n')

test('word by word ends as the whole does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), sizes => {
      const { format } = fresh()
      let at = 0
      for (let i = 0; at < ANSWER.length; i++) {
        at = Math.min(ANSWER.length, at + (sizes[i % sizes.length] ?? 1))
        format(ANSWER.slice(0, at), false)
      }
      const streamed = format(ANSWER, false)
      expect(streamed).toEqual(fresh().format(ANSWER, true))
    }),
    { numRuns: 50 },
  )
})

test('only the last block is parsed again', () => {
  const { format } = fresh()
  const before = format('a\n\nb\n\nc', false)
  const after = format('a\n\nb\n\nc d', false)
  expect(after.blocks[0]).toBe(before.blocks[0])
  expect(after.blocks[1]).toBe(before.blocks[1])
  expect(after.blocks[2]).not.toBe(before.blocks[2])
})

test('an open fence is code, an open table a table', () => {
  const kinds = (text: string) =>
    fresh()
      .format(text, false)
      .blocks.map(({ block }) => block.kind)
  expect(kinds('```js\nlet a')).toEqual(['code'])
  expect(kinds('| a |')).toEqual(['table'])
  expect(kinds('| a | b')).toEqual(['table'])
  expect(kinds('| a | b |\n')).toEqual(['table'])
  expect(kinds('| a | b |\n|--')).toEqual(['table'])
  expect(kinds('| a | b |\nno')).toEqual(['paragraph'])
  expect(kinds('|')).toEqual(['paragraph'])
  // When nothing follows it is what it is.
  expect(
    fresh()
      .format('| a | b |', true)
      .blocks.map(({ block }) => block.kind),
  ).toEqual(['paragraph'])
})

test('a definition at the end gives a link when the answer is whole', () => {
  const { format } = fresh()
  const text = 'see [it]\n\nmore\n\n[it]: https://example.org/'
  expect(JSON.stringify(format(text.slice(0, 20), false))).not.toContain('"link"')
  expect(JSON.stringify(format(text, false))).not.toContain('"link"')
  expect(JSON.stringify(format(text, true))).toContain('"link"')
})

test('each block knows where its text ends', () => {
  const text = 'a\r\n\r\nbc\n\nd'
  expect(
    fresh()
      .format(text, true)
      .blocks.map(({ end }) => end),
  ).toEqual([3, 8, 10])
})

test('too large is plain, and stays plain', () => {
  const { format } = fresh()
  const text = 'a\n'.repeat(MAX_TEXT / 2 + 1)
  expect(format(text, false)).toEqual({
    blocks: [{ block: { kind: 'plain', text }, end: text.length }],
    isPlain: true,
  })
  expect(format(`${text}b`, false).isPlain).toBe(true)
})
