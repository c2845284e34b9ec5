import { describe, expect, test } from 'vitest'
import { isAhead, timeMs } from './time.js'

const NOON = Date.UTC(2025, 10, 20, 12, 0, 0)

describe('a moment', () => {
  test.each([
    ['2025-11-20T12:00:00Z', NOON],
    ['2025-11-20T12:00:00', NOON],
    ['2025-11-20 12:00:00', NOON],
    ['2025-11-20T12:00', NOON],
    ['2025-11-20T17:30:00+05:30', NOON],
    ['2025-11-20T17:30:00+0530', NOON],
    ['2025-11-20T07:00:00-05', NOON],
    ['2025-11-20T12:00:00.25Z', NOON + 250],
    ['2025-11-20T12:00:00.123456+00:00', NOON + 123],
    ['  2025-11-20T12:00:00Z ', NOON],
    ['2025-11-20', Date.UTC(2025, 10, 20)],
    ['2025-11-20 17:30:00 IST', NOON],
    ['2025-11-20 12:00:00 UTC', NOON],
    ['1763640000', NOON],
    ['1,763,640,000.25', NOON + 250],
    ['17:30:00 20-11-2025', NOON],
    ['20-11-2025 17:30:00', NOON],
    ['12:00 20-11-2025 UTC', NOON],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('is read from text: %s', (iso, expected) => {
    expect(timeMs(iso)).toBe(expected)
  })

  test('is read from epoch seconds, to the millisecond', () => {
    expect(timeMs(1_763_640_000)).toBe(1_763_640_000_000)
    expect(timeMs(1_763_640_000.1234)).toBe(1_763_640_000_123)
    expect(timeMs(0)).toBe(0)
  })

  test.each([
    ['a bare time of day', '09:15:00'],
    ['a day as a number', '20261120'],
    ['month first', '13:33:42 06-25-2024'],
    ['a zone that nobody knows', '2025-11-20T12:00:00 XST'],
    ['epoch milliseconds', 1_763_640_000_000],
    ['a negative number', -1],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a number beyond all dates', 1e300],
    ['true', true],
    ['null', null],
    ['nothing', undefined],
    ['a list', [2025]],
    ['blank text', ' '],
    ['the 30th of February', '2025-02-30T00:00:00Z'],
    ['the 29th of February of a common year', '2025-02-29'],
    ['month 13', '2025-13-01T00:00:00Z'],
    ['day 0', '2025-01-00T00:00:00Z'],
    ['hour 24', '2025-01-01T24:00:00Z'],
    ['minute 60', '2025-01-01T00:60:00Z'],
    ['a zone that is none', '2025-01-01T00:00:00+25:00'],
    ['a year before 1970', '1969-12-31T23:59:59Z'],
    ['a zone that moves it before 1970', '1970-01-01T00:00:00+01:00'],
    ['text around it', 'at 2025-11-20T12:00:00Z'],
    ['a megabyte', '2'.repeat(1_000_000)],
  ])('is not read from %s', (_, value) => {
    expect(timeMs(value)).toBeNull()
  })
})

describe('text without a zone', () => {
  test('is in the zone of the source, where one is set; text with a zone keeps it', () => {
    const noon = (text: string) => timeMs(text, 'Europe/Berlin')
    expect(noon('2025-11-20T13:00:00')).toBe(NOON)
    expect(noon('13:00:00 20-11-2025')).toBe(NOON)
    expect(noon('2025-11-20T12:00:00Z')).toBe(NOON)
    expect(noon('2025-11-20T17:30:00+05:30')).toBe(NOON)
    expect(timeMs(1_763_640_000, 'Europe/Berlin')).toBe(NOON)
  })
})

test('a time is in the future when it is more than 5 s ahead', () => {
  expect([4_999, 5_000, 5_001].map(ms => isAhead(NOON + ms, NOON))).toEqual([false, false, true])
})
