import { expect, test } from 'vitest'
import { ageText } from './freshness.js'

test('an age has one unit, used from two on', () => {
  expect([0, 1.9, 59, 119, 120, 7_199, 7_200, 172_799, 172_800].map(ageText)).toEqual([
    '0s',
    '1s',
    '59s',
    '119s',
    '2m',
    '119m',
    '2h',
    '47h',
    '2d',
  ])
})
