import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VERDICT_WORDS } from '../protocol/events.js'
import { offsetMs } from '../snapshot/zone.js'
import { daysOf, uptimePct, VerdictLog, weeksOf } from './verdict-log.js'

const START_MS = Date.parse('2026-11-30T23:00:00Z')
const at = (sec: number, jumpMs = 0) => ({
  wallMs: START_MS + sec * 1000 + jumpMs,
  monotonicMs: 500 + sec * 1000,
})
const UTC = () => 0

describe('the verdict log', () => {
  test('has a row for each word, with the reasons of its beginning and how long it lasted', () => {
    const log = new VerdictLog()
    log.take({ word: 'healthy', reasons: [] }, at(0))
    log.take({ word: 'failing', reasons: ['disk full'] }, at(10))
    log.take({ word: 'failing', reasons: ['disk full', 'queue 9'] }, at(15))
    log.take({ word: 'healthy', reasons: [] }, at(40))
    expect(log.rows(at(45))).toEqual([
      { word: 'healthy', reasons: [], fromMs: START_MS, toMs: START_MS + 10_000, lastedMs: 10_000 },
      {
        word: 'failing',
        reasons: ['disk full'],
        fromMs: START_MS + 10_000,
        toMs: START_MS + 40_000,
        lastedMs: 30_000,
      },
      { word: 'healthy', reasons: [], fromMs: START_MS + 40_000, toMs: null, lastedMs: 5_000 },
    ])
  })

  test('measures by the steady clock when the wall clock is set', () => {
    const log = new VerdictLog()
    log.take({ word: 'healthy', reasons: [] }, at(0))
    log.take({ word: 'failing', reasons: [] }, at(10, 3_600_000))
    expect(log.rows(at(10)).map(({ lastedMs }) => lastedMs)).toEqual([10_000, 0])
  })

  test('keeps the newest rows', () => {
    const log = new VerdictLog(3)
    for (let i = 0; i < 9; i++) log.take({ word: i % 2 === 0 ? 'healthy' : 'failing', reasons: [] }, at(i))
    expect(log.rows(at(9)).map(({ fromMs }) => (fromMs - START_MS) / 1000)).toEqual([5, 6, 7, 8])
  })
})

describe('the days', () => {
  test('divide a row at midnight of the zone', () => {
    const rows = [
      { word: 'failing', reasons: [], fromMs: START_MS, toMs: START_MS + 7_200_000, lastedMs: 7_200_000 },
    ] as const
    expect(daysOf(rows, UTC).map(({ day, ms }) => [day, ms.failing])).toEqual([
      ['2026-11-30', 3_600_000],
      ['2026-12-01', 3_600_000],
    ])
    const kolkata = () => 5.5 * 3_600_000
    expect(daysOf(rows, kolkata).map(({ day }) => day)).toEqual(['2026-12-01'])
  })

  test('count every moment once, and unknown time for nothing', () => {
    const step = fc.record({
      word: fc.constantFrom(...VERDICT_WORDS),
      sec: fc.integer({ min: 1, max: 200_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), steps => {
        const log = new VerdictLog()
        let sec = 0
        for (const { word, sec: length } of steps) {
          log.take({ word, reasons: [] }, at(sec))
          sec += length
        }
        const days = daysOf(log.rows(at(sec)), UTC)
        const sum = (word: (typeof VERDICT_WORDS)[number]) => days.reduce((all, { ms }) => all + ms[word], 0)
        for (const word of VERDICT_WORDS) {
          const expected = steps.filter(each => each.word === word).reduce((all, each) => all + each.sec, 0)
          expect(Math.round(sum(word) / 1000)).toBe(expected)
        }
        for (const day of days) {
          const pct = uptimePct(day)
          expect(pct === null || (pct >= 0 && pct <= 100)).toBe(true)
          expect(pct === null).toBe(day.ms.healthy + day.ms.attention + day.ms.failing === 0)
        }
      }),
    )
  })

  test('have 23 and 25 hours where the clocks of the zone change', () => {
    const berlin = (atMs: number): number => offsetMs('Europe/Berlin', atMs)
    const row = (from: string) => {
      const fromMs = Date.parse(from)
      const lastedMs = 3 * 86_400_000
      return [{ word: 'healthy', reasons: [], fromMs, toMs: fromMs + lastedMs, lastedMs }] as const
    }
    const hours = (from: string) =>
      daysOf(row(from), berlin).map(({ day, ms }) => [day, ms.healthy / 3_600_000])
    expect(hours('2026-03-28T00:00:00+01:00')).toEqual([
      ['2026-03-28', 24],
      ['2026-03-29', 23],
      ['2026-03-30', 24],
      ['2026-03-31', 1],
    ])
    expect(hours('2026-10-24T00:00:00+02:00')).toEqual([
      ['2026-10-24', 24],
      ['2026-10-25', 25],
      ['2026-10-26', 23],
    ])
  })

  test('make weeks that begin on Monday', () => {
    const days = ['2026-11-29', '2026-11-30', '2026-12-06', '2026-12-07'].map(day => ({
      day,
      ms: { healthy: 1, attention: 0, failing: 1, unknown: 0 },
    }))
    expect(weeksOf(days).map(({ day, ms }) => [day, ms.healthy])).toEqual([
      ['2026-11-23', 1],
      ['2026-11-30', 2],
      ['2026-12-07', 1],
    ])
  })

  test('are those of all rows, with the restored and the open one, in the zone that is asked for', () => {
    const log = new VerdictLog()
    log.take({ word: 'healthy', reasons: [] }, at(0))
    log.take({ word: 'failing', reasons: [] }, at(60))
    log.restore([
      { word: 'failing', reasons: [], fromMs: START_MS - 3_600_000, toMs: START_MS, lastedMs: 3_600_000 },
    ])
    const seconds = (zone: string, offset: () => number) =>
      log.days(at(90), zone, offset).map(({ day, ms }) => [day, ms.healthy / 1000, ms.failing / 1000])
    expect(seconds('UTC', UTC)).toEqual([['2026-11-30', 60, 3_630]])
    expect(seconds('+2', () => 2 * 3_600_000)).toEqual([['2026-12-01', 60, 3_630]])
    log.take({ word: 'healthy', reasons: [] }, at(100))
    expect(seconds('+2', () => 2 * 3_600_000)).toEqual([['2026-12-01', 60, 3_640]])
  })
})
