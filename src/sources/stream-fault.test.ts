import { expect, test } from 'vitest'
import { StreamError } from '../../client/event-stream.js'
import { readingErrorOf } from './stream-fault.js'

test.each([
  ['status', 401, 'forbidden'],
  ['status', 403, 'forbidden'],
  ['status', 404, 'missing'],
  ['status', 500, 'io'],
  ['timeout', undefined, 'timeout'],
  ['network', undefined, 'io'],
] as const)('%s %s is %s', (code, status, kind) => {
  expect(readingErrorOf(new StreamError(code, 'it failed', status))).toBe(kind)
})
