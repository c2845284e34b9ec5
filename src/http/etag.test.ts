import { expect, test } from 'vitest'
import { matchesEtag } from './etag.js'

test.each([
  ['"e-1"', true],
  ['W/"e-1"', true],
  ['"x", W/"e-1"', true],
  ['*', true],
  [undefined, false],
  ['"e-10"', false],
  ['e-1', false],
  ['', false],
])('%j: %s', (header, isKnown) => {
  expect(matchesEtag(header, '"e-1"')).toBe(isKnown)
})
