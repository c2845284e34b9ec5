import { expect, test } from 'vitest'
import { StreamError } from '../../client/event-stream.js'
import { clockAheadMs, nextStaleAgeMs, readingErrorOf } from './followed-server.js'

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

test('the Date of its answer gives a server’s clock, else it is the wall clock', () => {
  const ours = { wallMs: 1_000_000, steadyMs: 999_000 }
  expect(clockAheadMs(new Date(4_000_000).toUTCString(), ours)).toBe(3_001_000)
  expect(clockAheadMs(null, ours)).toBe(1_000)
  expect(clockAheadMs('yesterday', ours)).toBe(1_000)
})

test('a silent stream is asked again at twice the age, in the end every ten minutes', () => {
  const ages: number[] = []
  for (let ageMs = 30_000; ages.length < 7; ageMs = nextStaleAgeMs(ageMs)) ages.push(ageMs / 1000)
  expect(ages).toEqual([30, 60, 120, 240, 480, 960, 1560])
})
