import { expect, test } from 'vitest'
import { todayOf } from './today.js'

const MIN = 60_000
const row = (word: string, from: number, to: number | null) => ({
  word,
  reasons: [],
  from,
  to,
  lasted_sec: 0,
})

test('the rows of today, cut at midnight and now, and the parts of the known time', () => {
  const verdicts = [
    row('healthy', -30 * MIN, 60 * MIN),
    row('failing', 60 * MIN, 70 * MIN),
    row('unknown', 70 * MIN, 90 * MIN),
    row('attention', 90 * MIN, null),
  ]
  const today = todayOf({ verdicts, weeks: [{ uptime_pct: 1 }, { uptime_pct: 99.5 }] }, 0, 100 * MIN)
  expect(today?.spells.map(({ tone, fromMs, ms }) => [tone, fromMs / MIN, ms / MIN])).toEqual([
    ['ok', 0, 60],
    ['error', 60, 10],
    ['muted', 70, 20],
    ['warn', 90, 10],
  ])
  expect(today?.healthyPct).toBe(75)
  expect(today?.uptimePct).toBe(87.5)
  expect(today?.weekPct).toBe(99.5)
})

test('nothing is known of today where there are no rows of it, and by no other document', () => {
  expect(todayOf({ verdicts: [row('healthy', -10, -5)] }, 0, 10)).toBeNull()
  expect(todayOf({ verdicts: [row('unknown', 1, null)] }, 0, 10)).toBeNull()
  for (const wrong of [null, 'no', {}, { verdicts: [null, { word: 3 }, { word: 'healthy' }] }])
    expect(todayOf(wrong, 0, 10)).toBeNull()
  expect(
    todayOf({ verdicts: [row('constructor', 1, 5), row('healthy', 5, 6)] }, 0, 10)?.spells[0]?.tone,
  ).toBe('muted')
})
