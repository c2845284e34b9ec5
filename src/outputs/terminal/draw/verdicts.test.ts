import { describe, expect, test } from 'vitest'
import type { Today } from '../../../display/today.js'
import { todayOf } from '../../../display/today.js'
import { foldToAscii } from './glyphs.js'
import { lineText, lineWidth } from './run.js'
import { NO_TRENDS } from './trends.js'
import { withVerdict } from './verdicts.js'

const MIN = 60_000
const DAY = Date.UTC(2026, 10, 30)
const at = (minutes: number): number => DAY + minutes * MIN
const row = (word: string, from: number, to: number | null) => ({
  word,
  from: at(from),
  to: to === null ? null : at(to),
})
const context = { clip: 60, format: 'plain', timezone: 'UTC', nowMs: at(600), trends: NO_TRENDS } as const
const place = (height: number, width = 44, x = 0) => ({ x, y: 3, width, height })
const today = (...verdicts: readonly object[]): Today | null => todayOf({ verdicts }, DAY, at(600))
const drawn = (of: Today | null) =>
  withVerdict([place(5)], of, context).blocks[0]?.lines.map(line => lineText(line).trimEnd())

const BAD_DAY = [
  row('healthy', 300, 400),
  row('attention', 400, 421),
  row('healthy', 421, 500),
  row('failing', 500, 503),
  row('unknown', 503, 540),
  row('healthy', 540, null),
]

describe('the verdicts of today', () => {
  test('are a strip of the day, and when it was last not well', () => {
    const lines = drawn(today(...BAD_DAY)) ?? []
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "─ Verdict today ───────────── healthy 90 % ─
        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▲▲▲▁▁▁▁▁▁▁▁▁▁▁■····▁▁▁▁▁▁▁▁▁
        05:00             07:30                now
        Failing                       08:20, 3 min
        Attention                    06:40, 21 min"
    `)
    expect(lines.map(foldToAscii).join('\n')).toMatchInlineSnapshot(`
      "- Verdict today ------------- healthy 90 % -
        ______________!!!___________x----_________
        05:00             07:30                now
        Failing                       08:20, 3 min
        Attention                    06:40, 21 min"
    `)
  })

  test('say the uptime where nothing was wrong', () => {
    expect(drawn(today(row('healthy', 0, null)))?.slice(3)).toEqual([
      '  Uptime                            100.00 %',
    ])
  })

  test('fill the place exactly', () => {
    for (const width of [36, 37, 80, 200])
      for (const line of withVerdict([place(5, width)], today(...BAD_DAY), context).blocks[0]?.lines ?? [])
        expect(lineWidth(line)).toBe(width)
  })

  test.each([
    ['the place that is too low for a plot', [place(20), place(7, 44, 50)], 50, [20, 1]],
    ['rows above a plot', [place(20), place(4)], 0, [14, 4]],
    ['no rows of a plot', [place(14), place(4)], null, [14, 4]],
    ['no narrow place', [place(9, 20)], null, [9]],
  ])('take %s', (_, spare, x, left) => {
    const found = withVerdict(spare, today(...BAD_DAY), context)
    expect(found.blocks[0]?.x ?? null).toBe(x)
    expect(found.spare.map(({ height }) => height)).toEqual(left)
  })

  test('are not drawn where nothing is known', () => {
    expect(withVerdict([place(9)], null, context)).toEqual({ spare: [place(9)], blocks: [] })
  })
})
