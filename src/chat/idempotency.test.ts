import { expect, test } from 'vitest'
import { IdempotencyKeys, idempotencyKey } from './idempotency.js'

test('a key is 1 to 255 visible characters, once; none is none', () => {
  expect(idempotencyKey(undefined)).toBeNull()
  expect(idempotencyKey('k-1')).toBe('k-1')
  expect(idempotencyKey('x'.repeat(255))).toBe('x'.repeat(255))
  for (const wrong of ['', 'a b', 'ü', 'x'.repeat(256), ['a', 'b']]) expect(idempotencyKey(wrong)).toBe(false)
})

test('the same question finds its answer, another one is a conflict, and nothing is found once it is forgotten', () => {
  const keys = new IdempotencyKeys()
  keys.keep('key', 'question', 's-1')
  expect(keys.find('key', 'question')).toEqual({ kind: 'same', streamId: 's-1', begun: null })
  expect(keys.find('key', 'another')).toEqual({ kind: 'conflict' })
  expect(keys.find('other', 'question')).toEqual({ kind: 'none' })
  keys.forget('s-1')
  keys.forget('s-1')
  expect(keys.find('key', 'question')).toEqual({ kind: 'none' })
})

test('an earlier answer that is forgotten late does not take the key of the later one with it', () => {
  const keys = new IdempotencyKeys()
  keys.keep('key', 'question', 's-1')
  keys.keep('key', 'question', 's-2')
  keys.forget('s-1')
  expect(keys.find('key', 'question')).toEqual({ kind: 'same', streamId: 's-2', begun: null })
})

test('no other owner has the same name for a key, however both are spelled', () => {
  expect(IdempotencyKeys.scoped('a', 'b')).not.toBe(IdempotencyKeys.scoped('b', 'a'))
  expect(IdempotencyKeys.scoped('u:ann', 'k')).not.toBe(IdempotencyKeys.scoped('a:ann', 'k'))
  expect(IdempotencyKeys.scoped('ab', 'c')).not.toBe(IdempotencyKeys.scoped('a', 'bc'))
})

test('a second caller waits for the answer that is about to begin, and has the key when it fails', async () => {
  const keys = new IdempotencyKeys()
  const begins = keys.reserve('scoped', 'f', 's-1')
  const earlier = keys.find('scoped', 'f')
  expect(earlier).toMatchObject({ kind: 'same', streamId: 's-1', begun: expect.any(Promise) })
  expect(keys.find('scoped', 'other')).toEqual({ kind: 'conflict' })
  begins(false)
  if (earlier.kind === 'same') await earlier.begun
  expect(keys.find('scoped', 'f')).toEqual({ kind: 'none' })
  const again = keys.reserve('scoped', 'f', 's-2')
  again(true)
  expect(keys.find('scoped', 'f')).toEqual({ kind: 'same', streamId: 's-2', begun: null })
})
