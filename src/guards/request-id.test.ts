import fc from 'fast-check'
import { expect, test } from 'vitest'
import { requestIdOf } from './request-id.js'

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
