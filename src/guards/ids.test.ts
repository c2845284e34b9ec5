import fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomId, requestIdOf } from './ids.js'

test('ids have the requested length and letters, and none comes twice, also past the end of a page', () => {
  const ids = Array.from({ length: 2_000 }, () => randomId(16, 'base64url'))
  expect(new Set(ids).size).toBe(2_000)
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/)
  expect(randomId(12, 'hex')).toMatch(/^[0-9a-f]{24}$/)
  // No id begins with the end of the one before: no byte was used twice.
  const bytes = ids.map(id => Buffer.from(id, 'base64url'))
  expect(bytes.some((each, i) => bytes[i + 1]?.includes(each.subarray(8)) === true)).toBe(false)
})

test('an id longer than a page is refused', () => {
  expect(randomId(4096, 'hex')).toHaveLength(8192)
  expect(() => randomId(4097, 'hex')).toThrow('an id may have 4096 bytes, got 4097')
})

test('for any header, the id is 1–120 harmless characters', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9._-]{1,130}$/)), text => {
      const id = requestIdOf(text, () => 'fresh')
      expect(id).toMatch(/^[A-Za-z0-9._-]{1,120}$/)
      expect(id === 'fresh' || id === text).toBe(true)
    }),
  )
})
test('fresh ones differ', () => {
  expect(requestIdOf(undefined)).not.toBe(requestIdOf(undefined))
  expect(requestIdOf(['a', 'b'])).toMatch(/^[0-9a-f]{24}$/)
})
test('a line break at the end is no part of an id', () => {
  expect(requestIdOf('abc\n', () => 'fresh')).toBe('fresh')
})
