import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyLinesDiff, changeCount, diffLines } from './diff.js'

const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 20 })

describe('a line diff', () => {
  test('applied to what it was made from gives the new lines, always', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        expect(applyLinesDiff(before, diffLines(before, after))).toEqual(after)
      }),
    )
  })

  test('of equal lines is empty', () => {
    fc.assert(fc.property(lines, same => changeCount(diffLines(same, [...same])) === 0))
  })

  test('names replaced, added and removed lines', () => {
    expect(diffLines(['count: 2', 'x'], ['count: 3', 'x', 'y'])).toEqual({
      changed: [{ index: 0, old: 'count: 2', new: 'count: 3' }],
      added: ['y'],
      removed: [],
      totalLines: 3,
    })
    expect(diffLines(['a', 'b', 'c'], ['a'])).toMatchObject({
      changed: [],
      removed: ['b', 'c'],
      totalLines: 1,
    })
  })

  test('is refused by lines it was not made from', () => {
    const diff = diffLines(['a', 'b'], ['a', 'c'])
    expect(applyLinesDiff(['a', 'x'], diff)).toBeNull()
    expect(applyLinesDiff(['a'], diff)).toBeNull()
    expect(applyLinesDiff([], { ...diff, removed: ['x'] })).toBeNull()
  })
})
