import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { presentedTokens, tokenSet } from './token.js'

describe('a set of tokens', () => {
  test('without a current one needs none, and accepts every owner', () => {
    for (const none of [tokenSet(null, null), tokenSet(null, 'old')]) {
      expect(none.required).toBe(false)
      expect(none.ownerOf('old')).toBeNull()
      expect(none.stillValid('anybody')).toBe(true)
      expect(none.stillValid(null)).toBe(true)
    }
  })
  test('knows exactly its tokens', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        fc.string(),
        (now, before, given) => {
          const tokens = tokenSet(now, before)
          expect(tokens.ownerOf(given) !== null).toBe(given === now || given === before)
          expect(tokens.ownerOf(now)).not.toBeNull()
          expect([tokens, tokenSet(now, null)].map(({ required }) => required)).toEqual([true, true])
        },
      ),
    )
  })
  test('gives a mark that reveals nothing of the token and survives a rotation', () => {
    const owner = tokenSet('one', null).ownerOf('one')
    expect(owner).not.toContain('one')
    expect(tokenSet('two', 'one').stillValid(owner)).toBe(true)
    expect(tokenSet('two', null).stillValid(owner)).toBe(false)
    expect(tokenSet('two', null).stillValid(null)).toBe(false)
  })
})

test.each([
  [{ 'x-api-token': ' t ' }, { apiToken: 't', bearer: null, apiKey: null }],
  [{ authorization: 'Bearer t' }, { apiToken: null, bearer: 't', apiKey: null }],
  [{ authorization: 'BEARER  t' }, { apiToken: null, bearer: 't', apiKey: null }],
  [{ authorization: 'Basic dDp0' }, { apiToken: null, bearer: null, apiKey: null }],
  [{ authorization: 'Bearer' }, { apiToken: null, bearer: null, apiKey: null }],
  [{ authorization: 'Bearer a b' }, { apiToken: null, bearer: null, apiKey: null }],
  [{ 'x-api-token': '' }, { apiToken: null, bearer: null, apiKey: null }],
  [{ 'x-api-key': ' k ' }, { apiToken: null, bearer: null, apiKey: 'k' }],
  [{}, { apiToken: null, bearer: null, apiKey: null }],
])('%j presents %j', (headers, presented) => {
  expect(presentedTokens(headers)).toEqual(presented)
})
