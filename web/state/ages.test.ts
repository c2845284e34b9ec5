import { expect, test } from 'vitest'
import { ageText, clockText } from './ages.js'

test.each([
  [-5_000, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [86_399_999, '23 h'],
  [86_400_000, '1 d'],
])('an age of %d ms is %s: whole units, rounded down', (ms, text) => {
  expect(ageText(ms)).toBe(text)
})

test('a time is HH:MM:SS in local time, two digits each', () => {
  expect(clockText(new Date(2026, 0, 5, 3, 4, 9).getTime())).toBe('03:04:09')
  expect(clockText(new Date(2026, 0, 5, 23, 59, 58).getTime())).toBe('23:59:58')
  expect(clockText(new Date(2026, 0, 5).getTime())).toBe('00:00:00')
})
