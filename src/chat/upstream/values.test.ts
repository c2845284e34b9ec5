import { expect, test } from 'vitest'
import { MAX_DEPTH } from '../../ingest/json.js'
import { parsedObject, sourcesOf } from './values.js'

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

test('a score that Python wrote as NaN costs its source the score, and the answer nothing', () => {
  const frame = parsedObject(
    '{"sources": [{"title": "a", "similarity": NaN}, {"title": "b", "similarity": 0.5}]}',
  )
  expect(sourcesOf(frame?.sources as readonly unknown[])).toEqual([
    { title: 'a' },
    { title: 'b', similarity: 0.5 },
  ])
})
