import { expect, test } from 'vitest'
import { busyHeaders, busyRetrySec } from './refusal.js'

test('clients that are refused at once come back at different times, from 3 to 8 s on', () => {
  expect([0, 0.17, 0.5, 0.999_999].map(part => busyRetrySec(() => part))).toEqual([3, 4, 6, 8])
  const given = new Set(Array.from({ length: 500 }, () => busyHeaders()['Retry-After']))
  expect([...given].sort()).toEqual(['3', '4', '5', '6', '7', '8'])
})
