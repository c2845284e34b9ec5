import { expect, test } from 'vitest'
import { type Spell, stretches, withWord } from './spells.js'

const words = (...given: readonly (readonly [word: string | null, sec: number])[]): readonly Spell[] =>
  given.reduce<readonly Spell[]>(
    (spells, [word, sec]) => withWord(spells, word, word === 'red' ? 'error' : 'ok', sec),
    [],
  )

test('a word lasts until another one; the same word changes nothing', () => {
  const spells = words(['green', 100], ['green', 160], ['red', 200])
  expect(spells.map(({ word, fromSec }) => [word, fromSec])).toEqual([
    ['green', 100],
    ['red', 200],
  ])
  expect(stretches(spells, 900, 260).map(({ word, sec }) => [word, sec])).toEqual([
    ['green', 100],
    ['red', 60],
  ])
})

test('what was not known is a spell of its own, and there is none before the first word', () => {
  expect(words([null, 90])).toEqual([])
  const spells = words([null, 90], ['green', 100], [null, 150], ['green', 180])
  expect(stretches(spells, 60, 200).map(({ word, fromSec, sec }) => [word, fromSec, sec])).toEqual([
    ['green', 140, 10],
    [null, 150, 30],
    ['green', 180, 20],
  ])
})

test('of several words in one second the last one stays', () => {
  expect(words(['green', 100], ['red', 200], ['green', 200]).map(({ word }) => word)).toEqual(['green'])
})

test('spells are bounded and end with the window; a clock that was set back starts afresh', () => {
  const many = words(...Array.from({ length: 2_000 }, (_, i) => [i % 2 === 0 ? 'green' : 'red', i] as const))
  expect(many.length).toBeLessThanOrEqual(200)
  expect(words(['green', 0], ['red', 10], ['green', 2_000]).map(({ word }) => word)).toEqual(['red', 'green'])
  expect(words(['green', 10_000], ['red', 10])).toHaveLength(1)
})
