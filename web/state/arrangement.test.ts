import { describe, expect, test } from 'vitest'
import { arranged, moved, toggled } from './arrangement.js'

const KEYS = ['a', 'b', 'c', 'd']

describe('cards', () => {
  test('have the order of the board until one is moved', () => {
    expect(arranged(KEYS, [], [])).toEqual(KEYS)
  })
  test('have the arranged order, the pinned ones first', () => {
    expect(arranged(KEYS, ['d', 'a', 'b', 'c'], [])).toEqual(['d', 'a', 'b', 'c'])
    expect(arranged(KEYS, ['d', 'a', 'b', 'c'], ['c', 'a'])).toEqual(['a', 'c', 'd', 'b'])
  })
  test('that are new come after the one they follow on the board', () => {
    expect(arranged(['new', ...KEYS], ['d', 'c', 'b', 'a'], [])).toEqual(['new', 'd', 'c', 'b', 'a'])
    expect(arranged(['a', 'b', 'new', 'c', 'd'], ['d', 'c', 'b', 'a'], [])).toEqual([
      'd',
      'c',
      'b',
      'new',
      'a',
    ])
  })
  test('that are gone are left out', () => {
    expect(arranged(['a', 'c'], ['d', 'c', 'b', 'a'], ['b'])).toEqual(['c', 'a'])
  })
})

describe('a card is moved', () => {
  test('to any place', () => {
    expect(moved(KEYS, [], 'a', 2)).toEqual(['b', 'c', 'a', 'd'])
    expect(moved(KEYS, [], 'd', 0)).toEqual(['d', 'a', 'b', 'c'])
  })
  test('no further than the ends', () => {
    expect(moved(KEYS, [], 'a', -1)).toEqual(KEYS)
    expect(moved(KEYS, [], 'd', 9)).toEqual(KEYS)
  })
  test('within its group: pinned and others do not mix', () => {
    expect(moved(KEYS, ['a', 'b'], 'a', 3)).toEqual(['b', 'a', 'c', 'd'])
    expect(moved(KEYS, ['a', 'b'], 'd', 0)).toEqual(['a', 'b', 'd', 'c'])
  })
})

test('a list toggles', () => {
  expect(toggled(['a'], 'b')).toEqual(['a', 'b'])
  expect(toggled(['a', 'b'], 'a')).toEqual(['b'])
})
