import { describe, expect, test } from 'vitest'
import { type MuteWindow, WEEKDAYS } from '../config/notify-tables.js'
import { mutedUntil, windowEndMs } from './mutes.js'

const window = (from: number, to: number, days = WEEKDAYS as MuteWindow['days']): MuteWindow => ({
  fromMin: from * 60,
  toMin: to * 60,
  days,
  rules: null,
  reason: 'night',
})
const at = (text: string): number => Date.parse(text)

describe('a window', () => {
  test.each([
    ['before it', '2026-11-30T21:59:59+05:30', null],
    ['at its beginning', '2026-11-30T22:00:00+05:30', '2026-12-01T06:00:00+05:30'],
    ['after midnight', '2026-12-01T05:59:59.500+05:30', '2026-12-01T06:00:00+05:30'],
    ['at its end', '2026-12-01T06:00:00+05:30', null],
  ])('is by the time of the board: %s', (_, now, end) => {
    expect(windowEndMs(window(22, 6), 'Asia/Kolkata', at(now))).toBe(end === null ? null : at(end))
  })

  test('belongs to the day on which it begins', () => {
    const friday = window(22, 6, ['fri'])
    expect(windowEndMs(friday, 'UTC', at('2026-11-28T03:00:00Z'))).toBe(at('2026-11-28T06:00:00Z'))
    expect(windowEndMs(friday, 'UTC', at('2026-11-27T03:00:00Z'))).toBeNull()
  })

  test('that ends when it begins lasts a day', () => {
    expect(windowEndMs(window(0, 0), 'UTC', at('2026-11-28T03:00:00Z'))).toBe(at('2026-11-29T00:00:00Z'))
  })
})

test('what mutes a rule longest counts; a mute of other rules and one that is over do not', () => {
  const now = at('2026-11-28T03:00:00Z')
  const mute = (id: string, minutes: number, rules: readonly string[] | null) => ({
    ...{ id, rules, reason: id, fromMs: now },
    untilMs: now + minutes * 60_000,
  })
  const mutes = [mute('a', 30, null), mute('b', 90, ['x']), mute('c', -1, null)]
  expect(mutedUntil('y', mutes, [], 'UTC', now)).toMatchObject({ reason: 'a' })
  expect(mutedUntil('x', mutes, [], 'UTC', now)).toMatchObject({ reason: 'b' })
  expect(mutedUntil('x', mutes, [window(0, 12)], 'UTC', now)).toMatchObject({ reason: 'night' })
  expect(mutedUntil('x', mutes.slice(2), [], 'UTC', now)).toBeNull()
})
