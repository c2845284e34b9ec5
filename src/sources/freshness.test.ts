import { expect, test } from 'vitest'
import { clockAheadMs, nextStaleAgeMs } from './freshness.js'

test('a server’s clock is known by the Date of its answer, else it is the wall clock', () => {
  const ours = { wallMs: 1_000_000, steadyMs: 999_000 }
  expect(clockAheadMs(new Date(4_000_000).toUTCString(), ours)).toBe(3_001_000)
  expect(clockAheadMs(null, ours)).toBe(1_000)
  expect(clockAheadMs('yesterday', ours)).toBe(1_000)
})

test('silence is reason to ask at twice its age, and every ten minutes in the end', () => {
  const ages: number[] = []
  for (let ageMs = 30_000; ages.length < 7; ageMs = nextStaleAgeMs(ageMs)) ages.push(ageMs / 1000)
  expect(ages).toEqual([30, 60, 120, 240, 480, 960, 1560])
})
