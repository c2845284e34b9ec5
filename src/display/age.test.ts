import { describe, expect, test } from 'vitest'
import { ageText, durationText, shortDuration } from './age.js'

const SEC = 1000
const MIN = 60 * SEC
const HOUR = 60 * MIN
const DAY = 24 * HOUR

test('a duration has its two largest units, and no zero', () => {
  const given = [
    0,
    999,
    27 * SEC,
    3 * MIN,
    3 * MIN + 27 * SEC,
    HOUR,
    HOUR + 4 * MIN,
    2 * DAY,
    2 * DAY + 3 * HOUR,
  ]
  expect(given.map(durationText)).toEqual([
    '0 s',
    '0 s',
    '27 s',
    '3 min',
    '3 min 27 s',
    '1 h',
    '1 h 4 min',
    '2 d',
    '2 d 3 h',
  ])
  expect([-5 * SEC, Number.NaN, Number.POSITIVE_INFINITY].map(durationText)).toEqual(['0 s', '—', '—'])
})

test('a short duration has one unit', () => {
  const given = [5 * SEC, 59 * SEC, 60 * SEC, 119 * MIN, 2 * HOUR, 47 * HOUR, 48 * HOUR, Number.NaN]
  expect(given.map(shortDuration)).toEqual(['5 s', '59 s', '1 min', '119 min', '2 h', '47 h', '2 d', '—'])
})

describe('an age', () => {
  const now = Date.UTC(2026, 5, 1)

  test('counts from the moment', () => {
    expect(ageText(now - 14 * MIN, now)).toBe('14 min ago')
    expect(ageText(now, now)).toBe('0 s ago')
  })

  test('of a moment in the future is the time until then; a clock that is a little ahead is not', () => {
    expect(ageText(now + 3 * HOUR, now)).toBe('in 3 h')
    expect(ageText(now + 4 * SEC, now)).toBe('0 s ago')
  })

  test('of a zero time is never', () => {
    expect(ageText(Date.parse('0001-01-01T00:00:00Z'), now)).toBe('never')
    expect(ageText(Number.NaN, now)).toBe('—')
  })
})
