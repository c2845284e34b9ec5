import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { momentOfWall } from './zone.js'

const wall = (...parts: [number, number, number, number, number, number?]): number => Date.UTC(...parts)

describe('a local time', () => {
  test.each([
    ['Asia/Kolkata', wall(2026, 10, 20, 10, 41, 7), Date.UTC(2026, 10, 20, 5, 11, 7)],
    ['UTC', wall(2026, 10, 20, 10, 41), Date.UTC(2026, 10, 20, 10, 41)],
    ['Europe/Berlin', wall(2026, 6, 1, 12, 0), Date.UTC(2026, 6, 1, 10)],
    ['Europe/Berlin', wall(2026, 0, 1, 12, 0), Date.UTC(2026, 0, 1, 11)],
    ['America/New_York', wall(2026, 0, 1, 0, 30), Date.UTC(2026, 0, 1, 5, 30)],
    ['Pacific/Kiritimati', wall(2026, 0, 1, 13, 0), Date.UTC(2025, 11, 31, 23)],
  ])('in %s is one moment', (zone, wallMs, expected) => {
    expect(momentOfWall(wallMs, zone)).toBe(expected)
  })

  test('that comes twice is the first, to the last second of it', () => {
    expect(momentOfWall(wall(2026, 9, 25, 2, 30), 'Europe/Berlin')).toBe(Date.UTC(2026, 9, 25, 0, 30))
    expect(momentOfWall(wall(2026, 9, 25, 2, 59, 59), 'Europe/Berlin')).toBe(Date.UTC(2026, 9, 25, 0, 59, 59))
    expect(momentOfWall(wall(2026, 9, 25, 3, 0), 'Europe/Berlin')).toBe(Date.UTC(2026, 9, 25, 2, 0))
    expect(momentOfWall(wall(2026, 10, 1, 1, 30), 'America/New_York')).toBe(Date.UTC(2026, 10, 1, 5, 30))
    // Half an hour: 1:30 to 2:00 comes twice.
    expect(momentOfWall(wall(2026, 3, 5, 1, 45), 'Australia/Lord_Howe')).toBe(Date.UTC(2026, 3, 4, 14, 45))
  })

  test('that is missing uses the offset from before', () => {
    expect(momentOfWall(wall(2026, 2, 29, 2, 30), 'Europe/Berlin')).toBe(Date.UTC(2026, 2, 29, 1, 30))
    expect(momentOfWall(wall(2026, 2, 29, 1, 59, 59), 'Europe/Berlin')).toBe(Date.UTC(2026, 2, 29, 0, 59, 59))
    expect(momentOfWall(wall(2026, 2, 29, 3, 0), 'Europe/Berlin')).toBe(Date.UTC(2026, 2, 29, 1, 0))
    expect(momentOfWall(wall(2026, 2, 8, 2, 15), 'America/New_York')).toBe(Date.UTC(2026, 2, 8, 7, 15))
  })

  test('is what the clock of the zone shows at that moment, wherever no hour is missing', () => {
    const zones = ['Asia/Kolkata', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Tehran']
    const at = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2037, 0) }).map(ms => ms - (ms % 1000))
    fc.assert(
      fc.property(fc.constantFrom(...zones), at, (zone, atMs) => {
        const shown = new Intl.DateTimeFormat('sv-SE', {
          timeZone: zone,
          dateStyle: 'short',
          timeStyle: 'medium',
        })
        const found = momentOfWall(Date.parse(`${shown.format(atMs).replace(' ', 'T')}Z`), zone)
        expect(shown.format(found)).toBe(shown.format(atMs))
        expect(found).toBeLessThanOrEqual(atMs)
      }),
      { numRuns: 300 },
    )
  })

  test('in a zone that does not exist is an error', () => {
    expect(() => momentOfWall(0, 'Mars/Olympus')).toThrow(RangeError)
  })
})
