import { expect, test } from 'vitest'
import { clockText, dayBefore, momentText, zoneName } from './clock.js'

const NOW_MS = Date.UTC(2025, 0, 31, 8, 33, 22)

test('the clock names its zone, in words where there are some', () => {
  expect(clockText(NOW_MS, 'Asia/Kolkata')).toBe('14:03:22 IST')
  expect(clockText(NOW_MS, 'UTC')).toBe('08:33:22 UTC')
  expect(zoneName(NOW_MS, 'America/New_York')).toBe('EST')
  expect(zoneName(Date.UTC(2025, 6, 1), 'Europe/Berlin')).toBe('CEST')
  expect(zoneName(NOW_MS, 'Asia/Kathmandu')).toBe('GMT+5:45')
})

test('a time has its day when that is not today, in the zone', () => {
  expect(momentText(NOW_MS - 3_600_000, NOW_MS, 'Asia/Kolkata')).toBe('13:03:22')
  expect(momentText(NOW_MS - 20 * 3_600_000, NOW_MS, 'Asia/Kolkata')).toBe('30 Jan 18:03:22')
  expect(dayBefore(Date.UTC(2023, 10, 5), NOW_MS, 'UTC')).toBe('5 Nov 2023')
  expect(dayBefore(Number.NaN, NOW_MS, 'UTC')).toBe('')
})
