import { expect, test } from 'vitest'
import { acceptsGzip, matchesEtag } from './negotiation.js'

test.each([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['x-gzip', true],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0, *', false],
  ['gzip; q=0.5', true],
  ['gzip;q=0.000', false],
  ['gzip;q=0.5, identity', false],
  ['gzip;q=1.0, identity; q=0.5, *;q=0', true],
  ['identity', false],
  ['deflate, br', false],
  ['br, gzip;q=0.8', true],
  ['gzip;q=nonsense', false],
  ['gzip;q=2', false],
])('%j: %s', (header, accepted) => {
  expect(acceptsGzip(header)).toBe(accepted)
})

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
