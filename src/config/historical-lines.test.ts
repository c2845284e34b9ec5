import { expect, test } from 'vitest'
import { historicalLines } from './historical-lines.js'

const past = (...lines: string[]) => lines.filter((_, i) => historicalLines(lines.join('\n'))[i] === true)

test('a section of the past ends at the next heading of its level', () => {
  expect(past('# A', 'a', '## History', 'b', '### deeper', 'c', '## Now', 'd')).toEqual([
    '## History',
    'b',
    '### deeper',
    'c',
  ])
})

test('it ends at a higher heading too, and another may follow', () => {
  expect(past('## Historical notes', 'a', '# B', 'b', '## History of C', 'c')).toEqual([
    '## Historical notes',
    'a',
    '## History of C',
    'c',
  ])
})

test('only whole words make a section one of the past', () => {
  expect(past('## Prehistory', 'a', 'history', '## Storyhistorical', 'b')).toEqual([])
})

test('a # inside a fence is no heading', () => {
  expect(past('```', '# history', '```', 'a')).toEqual([])
  expect(past('## History', '```sh', '# now', '```', 'a')).toEqual([
    '## History',
    '```sh',
    '# now',
    '```',
    'a',
  ])
  expect(past('````', '```', '# history', '````', 'a')).toEqual([])
})
