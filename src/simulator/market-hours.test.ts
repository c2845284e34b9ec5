import { expect, test } from 'vitest'
import { isMarketOpen, nextOpenMs } from './market-hours.js'

const ist = (time: string): number => Date.parse(`${time}+05:30`)

test.each([
  ['2026-11-20T09:14:59', false],
  ['2026-11-20T09:15:00', true],
  ['2026-11-20T15:29:59', true],
  ['2026-11-20T15:30:00', false],
  ['2026-11-21T12:00:00', false],
  ['2026-11-22T12:00:00', false],
  ['2026-11-23T12:00:00', true],
])('at %s in India open is %s', (time, open) => {
  expect(isMarketOpen(ist(time))).toBe(open)
})

test.each([
  ['before the opening it is today', '2026-11-19T00:10:00', '2026-11-19T09:15:00'],
  ['from the opening on it is tomorrow', '2026-11-19T09:15:00', '2026-11-20T09:15:00'],
  ['from Friday it is Monday', '2026-11-20T16:00:00', '2026-11-23T09:15:00'],
  ['on Sunday it is Monday', '2026-11-22T08:00:00', '2026-11-23T09:15:00'],
])('%s', (_, now, opening) => {
  expect(nextOpenMs(ist(now))).toBe(ist(opening))
})
