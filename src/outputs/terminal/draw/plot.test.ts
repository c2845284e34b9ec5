import { describe, expect, test } from 'vitest'
import { displayWidth } from '../../../panels/text.js'
import { type PlotLine, type PlotLook, plotLines } from './plot.js'
import { lineText, lineWidth } from './run.js'

/** A function of the shown time, 0 to 1. */
const line = (
  label: string,
  at: (share: number) => number | null,
  role: PlotLine['role'] = 'text',
): PlotLine => ({
  label,
  role,
  points: count => Array.from({ length: count }, (_, i) => at(i / (count - 1))),
})
const LOOK: PlotLook = {
  unit: '',
  isChange: false,
  times: ['14:01', '14:09', 'now'],
  numberFormat: 'en',
  grid: 'muted',
}
const picture = (lines: readonly PlotLine[], look: Partial<PlotLook> = {}, width = 50, height = 9) =>
  plotLines(lines, { ...LOOK, ...look }, width, height)
    .map(row => lineText(row).trimEnd())
    .join('\n')

describe('a plot', () => {
  test('from zero', () => {
    expect(
      picture([line('480', share => (share < 0.5 ? 0 : 480 * (1 - (1 - share) * 2)))]),
    ).toMatchInlineSnapshot(`
      "500 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌⣀⠔ 480
                                               ⢀⠤⠊
                                            ⢀⡠⠊⠁
                                          ⡠⠒⠁
      250 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌⡠⠔⠉╌╌╌╌╌╌╌╌╌╌
                                    ⣀⠔⠊
                                 ⢀⠤⠊
        0 ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡠⠊⠁╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
          14:01              14:09               now"
    `)
  })

  test('of changes is symmetric about 0; labels have rows of their own', () => {
    const lines = [
      line('NIFTY +0.25', share => 0.25 * share, 'info'),
      line('SENSEX −0.30', share => -0.3 * share),
      line('BANKNIFTY −0.30', share => -0.29 * share),
    ]
    expect(picture(lines, { unit: '%', isChange: true }, 60, 11)).toMatchInlineSnapshot(`
      "+0.4 % ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
                                                 ⣀ NIFTY +0.25
        +0.2 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌⣀⣀⣀⠤⠤⠤⠒⠒⠒⠉⠉⠉╌
                         ⣀⣀⣀⠤⠤⠤⠒⠒⠒⠉⠉⠉
             ⢀⣀⣀⠤⠤⠤⠒⠒⠒⠉⠉⠉
           0 ⠉⠉⠙⠒⠒⠦⠤⢤⣀⣀⡀╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
                       ⠉⠉⠙⠒⠒⠦⠤⢤⣄⣀⣀
        −0.2 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌⠉⠉⠙⠓⠒⠶⠤⢤⣄⣀⣀╌╌╌╌╌╌
                                           ⠉⠉⠙⠛⠒⠶⠦ SENSEX −0.30
        −0.4 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ BANKNIFTY −0.30
             14:01           14:09             now"
    `)
  })

  test('has a gap where nothing is known, and ends with the data', () => {
    const share = (at: number) => ((at > 0.3 && at < 0.5) || at > 0.8 ? null : 60 + 30 * at)
    expect(picture([line('84 ms', share)], { unit: 'ms' }, 40, 7)).toMatchInlineSnapshot(`
      "100 ms ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
          75 ╌╌╌╌╌╌╌⣀╌╌╌╌╌⠠⠔⠒⠒⠒⠊⠉⠉⠁╌╌╌╌╌ 84 ms
             ⠒⠒⠒⠉⠉⠉⠉
          50 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
          25 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
           0 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
             14:01      14:09        now"
    `)
  })

  test('joins a steep change', () => {
    expect(picture([line('9', share => (share < 0.5 ? 1 : 9))], {}, 36, 6)).toMatchInlineSnapshot(`
      "10.0 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌⢠⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤ 9
       7.5 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌⢸╌╌╌╌╌╌╌╌╌╌╌╌╌╌
       5.0 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌⢸╌╌╌╌╌╌╌╌╌╌╌╌╌╌
       2.5 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌⢸╌╌╌╌╌╌╌╌╌╌╌╌╌╌
         0 ⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠊╌╌╌╌╌╌╌╌╌╌╌╌╌╌
           14:01       14:09         now"
    `)
  })

  test('without data, or without room, is nothing', () => {
    expect(picture([line('x', () => null)])).toBe('')
    expect(picture([])).toBe('')
    expect(picture([line('x', () => 1)], {}, 20)).toBe('')
    expect(picture([line('x', () => 1)], {}, 50, 5)).toBe('')
  })

  test('has the size that was asked for, whatever it shows', () => {
    const long = line('a name that is far longer than the room for it 数字', share => 1e12 * share)
    for (const [width, height] of [
      [32, 6],
      [61, 13],
      [200, 40],
    ] as const) {
      const rows = plotLines(
        [long, line('b', () => -1e12)],
        { ...LOOK, times: ['数字', 'a', 'b', 'c', 'd', 'now'] },
        width,
        height,
      )
      expect(rows).toHaveLength(height)
      for (const row of rows) {
        expect(lineWidth(row)).toBeLessThanOrEqual(width)
        expect(lineWidth(row)).toBe(displayWidth(lineText(row)))
      }
    }
  })

  test('draws the first line over the others', () => {
    const rows = plotLines([line('first', () => 1, 'info'), line('second', () => 1)], LOOK, 50, 8)
    const roles = new Set(
      rows
        .flat()
        .filter(({ text }) => /[\u2801-\u28ff]/.test(text))
        .map(({ role }) => role),
    )
    expect(roles).toEqual(new Set(['info']))
    expect(rows.map(lineText).filter(text => /first|second/.test(text))).toHaveLength(2)
  })
})
