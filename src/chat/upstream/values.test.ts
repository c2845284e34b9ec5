import { expect, test } from 'vitest'
import { MAX_DEPTH } from '../../ingest/json.js'
import { parsedObject } from './values.js'

/** An object with arrays in it, so many levels in all. */
const nested = (levels: number): string => `{"":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`

test('an object may nest as deep as documents may, and not a level deeper', () => {
  expect(parsedObject(nested(MAX_DEPTH))).not.toBeNull()
  expect(parsedObject(nested(MAX_DEPTH + 1))).toBeNull()
  expect(parsedObject(nested(10_000))).toBeNull()
})

test('what is no object is none', () => {
  for (const text of ['[]', '"text"', '1', 'null', '', '{', nested(100_000).slice(1)])
    expect(parsedObject(text)).toBeNull()
})
