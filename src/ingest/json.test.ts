import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sameJson } from './json.js'

test.each([
  ['a member more', { a: 1 }, { a: 1, b: undefined }],
  ['members in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
  ['an item more', [1], [1, 2]],
  ['another item', [[1, 2]], [[1, 3]]],
  ['a list and a map with its places', ['a'], { 0: 'a' }],
  ['null and an empty map', null, {}],
  ['zeros of two signs', 0, -0],
  ['a number and its text', 1, '1'],
])('not: %s', (_, a, b) => {
  expect(sameJson(a, b)).toBe(false)
  expect(sameJson(b, a)).toBe(false)
})

test('not a number equals itself', () => {
  expect(sameJson([Number.NaN], [Number.NaN])).toBe(true)
})

test('a copy equals the original, with a prototype or without', () => {
  fc.assert(
    fc.property(
      fc.object({ withNullPrototype: true, values: [fc.string(), fc.double(), fc.constant(null)] }),
      one => {
        expect(sameJson(one, structuredClone(one))).toBe(true)
      },
    ),
  )
})

test('two values with the same members are equal', () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  fc.assert(
    fc.property(value, value, (a, b) => {
      if (sameJson(a, b)) expect(isDeepStrictEqual(a, b)).toBe(true)
    }),
  )
})
