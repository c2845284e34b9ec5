import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fixed, MISSING, plainNumber, signed, timeOfDay, withUnit } from './format.js'

describe('a number', () => {
  test('has the given decimals and no thousands separators', () => {
    expect([24_512.3, 1_000_000, 0, -1.005].map(value => fixed(value, 2))).toEqual([
      '24512.30',
      '1000000.00',
      '0.00',
      '-1.00',
    ])
    expect(fixed(0.7314, 3)).toBe('0.731')
  })

  test('that is 0 has no sign', () => {
    expect([-0, 0].flatMap(value => [fixed(value, 2), signed(value, 2), plainNumber(value)])).toEqual([
      '0.00',
      '0.00',
      '0',
      '0.00',
      '0.00',
      '0',
    ])
    expect([0.05, -0.08].map(value => signed(value, 2))).toEqual(['+0.05', '-0.08'])
  })

  test('that is not 0 is never shown as 0', () => {
    expect([-0.001, 0.00123, 1e-7, 5e-324].map(value => fixed(value, 2))).toEqual([
      '-0.001',
      '0.0012',
      '1e-7',
      '5e-324',
    ])
    expect([signed(0.001, 2), plainNumber(0.001), plainNumber(-1e-9)]).toEqual(['+0.001', '0.001', '-1e-9'])
  })

  test('has only exact digits, and is short', () => {
    expect([1e21, -1e308, 2 ** 53, 1.23456e20].map(value => fixed(value, 2))).toEqual([
      '1e21',
      '-1e308',
      '9.007e15',
      '1.235e20',
    ])
    expect(plainNumber(Number.MAX_SAFE_INTEGER)).toBe('9007199254740991')
    expect([plainNumber(2 ** 53), signed(1e21, 2)]).toEqual(['9.007e15', '+1e21'])
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        for (const text of [fixed(value, 2), signed(value, 2), plainNumber(value)]) {
          expect(text.length).toBeLessThanOrEqual(21)
          expect(Number(text) === 0).toBe(value === 0)
        }
      }),
    )
  })

  test('that is an integer has no decimals', () => {
    expect([60, 1.25, 2.5, 0.333333].map(value => plainNumber(value))).toEqual(['60', '1.25', '2.5', '0.33'])
  })

  test('that is missing is a dash, without a unit', () => {
    expect([fixed(null, 2), signed(null, 2), plainNumber(null), timeOfDay(null, 'UTC')]).toEqual(
      Array(4).fill(MISSING),
    )
    expect(withUnit(MISSING, 's')).toBe('—')
    expect(withUnit('1', 's')).toBe('1s')
  })
})

describe('a time', () => {
  test('is shown in the given zone', () => {
    const atMs = Date.UTC(2025, 10, 20, 18, 30, 5)
    expect(timeOfDay(atMs, 'UTC')).toBe('18:30:05')
    expect(timeOfDay(atMs, 'Asia/Kolkata')).toBe('00:00:05')
    expect(timeOfDay(atMs, 'America/New_York')).toBe('13:30:05')
  })

  test('follows summer time', () => {
    const hours = [Date.UTC(2025, 0, 1, 12), Date.UTC(2025, 6, 1, 12)]
    expect(hours.map(atMs => timeOfDay(atMs, 'Europe/Berlin'))).toEqual(['13:00:00', '14:00:00'])
  })

  test('is shown in any number of zones', () => {
    for (let hour = -12; hour <= 12; hour++) {
      const zone = `Etc/GMT${hour < 0 ? hour : `+${hour}`}`
      const expected = String((24 - hour) % 24).padStart(2, '0')
      expect(timeOfDay(0, zone)).toBe(`${expected}:00:00`)
    }
  })

  test('is that of the zone at any second, also where its offset changes', () => {
    const zones = [
      'UTC',
      'Asia/Kolkata',
      'Asia/Kathmandu',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'Africa/Monrovia',
    ]
    const format = (timeZone: string) =>
      new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium', hourCycle: 'h23' })
    const formats = new Map(zones.map(zone => [zone, format(zone)]))
    const changes = [
      Date.UTC(2025, 2, 30, 1), // Berlin, forward
      Date.UTC(2025, 9, 26, 1), // and back
      Date.UTC(2025, 3, 5, 15), // Lord Howe, by half an hour
      Date.UTC(1972, 0, 7, 0, 44, 30), // Monrovia, to a whole minute
    ]
    const near = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -2e6, max: 2e6 }))
    const anyMs = fc.oneof(
      fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }),
      near.map(([changeMs, byMs]) => changeMs + byMs),
    )
    fc.assert(
      fc.property(fc.constantFrom(...zones), anyMs, (zone, atMs) => {
        expect(timeOfDay(atMs, zone)).toBe(formats.get(zone)?.format(atMs))
      }),
      { numRuns: 2_000 },
    )
  })

  test('in a zone that does not exist is an error', () => {
    expect(() => timeOfDay(0, 'Mars/Olympus')).toThrow(RangeError)
  })
})
