import { describe, expect, test } from 'vitest'
import { zoneOf } from './zone.js'

const AT = Date.UTC(2025, 0, 31, 8, 46, 32)
const DAY_MS = 86_400_000

describe('a zone', () => {
  test('has a name and an offset, also where its names are known in other countries', () => {
    const named = (timezone: string) => {
      const { name, offset } = zoneOf(timezone, AT)
      return [name, offset]
    }
    expect(named('Asia/Kolkata')).toEqual(['IST', 'UTC+5:30'])
    expect(named('America/New_York')).toEqual(['EST', 'UTC−5'])
    expect(named('Europe/Berlin')).toEqual(['CET', 'UTC+1'])
    expect(named('UTC')[0]).toBe('UTC')
    expect(named('Asia/Kathmandu')[1]).toBe('UTC+5:45')
  })
  test('tells times, with the day where it is not today', () => {
    const { clock } = zoneOf('Asia/Kolkata', AT)
    expect(clock(AT)).toBe('14:16:32')
    expect(clock(AT, AT + 1_000)).toBe('14:16:32')
    expect(clock(AT, AT + DAY_MS)).toBe('31 Jan 14:16')
    expect(clock(AT, AT + 365 * DAY_MS)).toBe('31 Jan 14:16')
  })
  test('that this browser does not know is that of the browser', () => {
    expect(zoneOf('Mars/Olympus', AT)).toMatchObject({ name: zoneOf(null, AT).name })
  })
})
