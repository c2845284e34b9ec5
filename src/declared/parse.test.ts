import { describe, expect, test } from 'vitest'
import { readBoard } from './board.js'
import type { Format } from './parse.js'
import { positionsOf } from './positions.js'

const NO_SOURCES = () => ({ names: [], faults: [] })

function findings(text: string, format: Format = 'toml'): readonly string[] {
  return readBoard(text, format, NO_SOURCES).findings.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  )
}

const PANEL = '[[panel]]\ntitle = "P"\n'

describe('a file that is well', () => {
  test('has no findings, as TOML and as JSON', () => {
    expect(findings(`${PANEL}fields = [ { from = "a" } ]`)).toEqual([])
    expect(
      findings(
        '{"panel": [{"title": "P", "rows": "r", "columns": [{"from": "@key", "label": "k"}]}]}',
        'json',
      ),
    ).toEqual([])
    expect(findings('')).toEqual([])
    expect(findings('\ufefftitle = "T"')).toEqual([])
  })
})

describe('every mistake has a line, a column and what to do', () => {
  test.each([
    ['no TOML', 'title = "T"\npanel = [', /^2:\d+ this is not TOML: /],
    ['twice', 'title = "T"\ntitle = "U"', /^2:\d+ this is not TOML: /],
    ['a name of the prototype', '[__proto__]\na = 1', /^1:\d+ /],
    ['a wrong member', 'titel = "T"', /^1:1 titel is no member of a board file; did you mean title\?$/],
    [
      'no such member',
      '\nzzzzzzzz = 1',
      /^2:1 zzzzzzzz is no member of a board file; allowed: title, verdict, words, source, panel, notify, auto$/,
    ],
    [
      'a wrong member of a panel',
      `${PANEL}fields = [ { from = "a" } ]\n\n${PANEL}colums = []`,
      /^7:1 colums is no member of a panel; did you mean columns\?$/,
    ],
    [
      'a wrong member of a field',
      `${PANEL}fields = [\n  { from = "a" },\n  { label = "b", form = "b" },\n]`,
      /^5:18 form is no member of a field; did you mean from\?$/,
    ],
    [
      'a wrong member of a column',
      `${PANEL}rows = "r"\ncolumns = [\n { from = "a", Unit = "s" } ]`,
      /^5:16 Unit is no member of a column; did you mean unit\?$/,
    ],
    [
      'a table of a panel',
      `${PANEL}rows = "r"\ncolumns = [ { from = "a" } ]\n[panel.join]\nrows = "s"\non = "a = b"\nas = "x"\nad = 1`,
      /^9:1 ad is no member of join; did you mean as\?$/,
    ],
    ['nothing to show', PANEL, /^1:1 a panel has fields, or rows and columns$/],
    ['rows without columns', `${PANEL}rows = "r"`, /^1:1 a panel has fields, or rows and columns$/],
    [
      'both',
      `${PANEL}rows = "r"\nfields = [ { from = "a" } ]`,
      /^3:1 rows: rows belongs to a table of rows, and this panel has fields$/,
    ],
    ['no title', '[[panel]]\nfields = [ { from = "a" } ]', /^1:1 a panel needs title$/],
    ['no from', `${PANEL}fields = [ { label = "a" } ]`, /^3:12 a field needs from$/],
    [
      'a wrong type',
      `${PANEL}limit = "many"\nrows = "r"\ncolumns = [ { from = "a" } ]`,
      /^3:1 limit: allowed: a whole number$/,
    ],
    ['an array in place of a table', 'panel = [ 1 ]', /^1:11 allowed: a table \[\[panel\]\]$/],
    ['one panel in place of several', '[panel]\ntitle = "x"', /^1:1 panel: allowed: tables \[\[panel\]\]$/],
    [
      'a wrong word',
      `${PANEL}fields = [ { from = "a", show = "never" } ]`,
      /^3:26 show: allowed: always, bad$/,
    ],
    [
      'a wrong tone',
      `${PANEL}fields = [ { from = "a", tones = { good = ["x"] } } ]`,
      /^3:36 good is no member of tones; allowed: ok, info, warn, error, muted$/,
    ],
    [
      'a wrong key',
      `${PANEL}key = "Über"\nfields = [ { from = "a" } ]`,
      /^3:1 key "Über": allowed: 1 to 64 of a to z/,
    ],
    [
      'a built-in key',
      `${PANEL}key = "indices"\nfields = [ { from = "a" } ]`,
      /^3:1 key "indices": it is the key of a built-in panel; of those only "alerts" is allowed$/,
    ],
    [
      'a key twice',
      `${PANEL}key = "a"\nfields = [ { from = "a" } ]\n${PANEL}key = "a"\nfields = [ { from = "a" } ]`,
      /^7:1 key "a": another panel has it; give each its own$/,
    ],
    [
      'an expression',
      `${PANEL}fields = [ { from = "lenght(a)" } ]`,
      /^3:14 from "lenght\(a\)": there is no function lenght\(\); did you mean length\(\)\?$/,
    ],
    [
      'a filter',
      `${PANEL}rows = "r"\nwhere = "a > 5"\ncolumns = [ { from = "a" } ]`,
      /^4:1 where "a > 5": a number must be in backticks: `5`, not 5$/,
    ],
    [
      'an order',
      `${PANEL}rows = "r"\nsort = "-a["\ncolumns = [ { from = "a" } ]`,
      /^4:1 sort "a\[": it ends too early/,
    ],
    [
      'a join',
      `${PANEL}rows = "r"\njoin = { rows = "s", on = "a == b", as = "s" }\ncolumns = [ { from = "a" } ]`,
      /^4:22 on "a == b": allowed: two expressions with "=" between/,
    ],
    [
      'a threshold',
      `${PANEL}fields = [ { from = "a", unit = "ms", warn = "10 s" } ]`,
      /^3:39 warn: "10 s" is no threshold; allowed: an operator/,
    ],
    [
      'its unit',
      `${PANEL}fields = [ { from = "a", unit = "ms", error = "> 10 GB" } ]`,
      /^3:39 error: "GB" and the unit of the value, "ms", measure different things$/,
    ],
    [
      'an unknown unit',
      `${PANEL}fields = [ { from = "a", unit = "ms", error = "> 10 x" } ]`,
      /^3:39 error: "x" is no unit; allowed: ns, /,
    ],
    [
      'a unit without one',
      `${PANEL}fields = [ { from = "a", warn = "> 10s" } ]`,
      /^3:26 warn: it has the unit "s" and the value has none; add unit = /,
    ],
    [
      'text for an order',
      `${PANEL}fields = [ { from = "a", warn = "> many" } ]`,
      /^3:26 warn: ">" compares numbers, not "many"$/,
    ],
    ['the verdict', 'verdict = "a.["', /^1:1 verdict "a\.\[": /],
    [
      'behind comments and texts of several lines',
      '# [[panel]]\ntitle = """\n[[panel]]\n"""\n[auto] # x = 1\nhid = []',
      /^6:1 hid is no member of auto; did you mean hide\?$/,
    ],
  ])('%s', (_, text, wanted) => {
    const found = findings(text)
    expect(found.length).toBeGreaterThan(0)
    expect(found[0]).toMatch(wanted)
  })

  test.each([
    ['no JSON', '{\n  "title": }', /^2:\d+ this is not JSON: /],
    ['cut', '{"title": "T"', /^1:\d+ this is not JSON: /],
    [
      'a wrong member',
      '{\n  "panel": [\n    { "title": "P", "feilds": [] }\n  ]\n}',
      /^3:21 feilds is no member of a panel; did you mean fields\?$/,
    ],
    ['not a table', '[]', /^1:1 allowed: a board file with /],
  ])('in JSON: %s', (_, text, wanted) => {
    expect(findings(text, 'json')[0]).toMatch(wanted)
  })

  test('and all of them are named at once, in the order of the file', () => {
    const text = `titel = "T"\n${PANEL}fields = [ { from = 7 }, { form = "b" } ]\nsize = 3`
    expect(findings(text).map(found => found.split(' ')[0])).toEqual(['1:1', '4:14', '4:28', '5:1'])
  })
})

describe('places', () => {
  test('are found in any text', () => {
    for (const text of [
      '',
      '[',
      '[[',
      'a',
      'a =',
      '= 1',
      '"',
      "'''",
      '{{{{',
      'a = {b',
      '\u0000',
      '[[a]]]]\n]',
      'a.b.c = [[[[',
    ]) {
      for (const format of ['toml', 'json'] as const)
        expect(positionsOf(text, format)(['a', 'b', 0])).toMatchObject({ line: expect.any(Number) })
    }
  })

  test('in a long file in time', () => {
    const text = `${PANEL}fields = [ { from = "a" } ]\n`.repeat(2_000)
    const beganMs = performance.now()
    expect(positionsOf(text, 'toml')(['panel', 1_999, 'fields', 0, 'from'])).toEqual({
      line: 6_000,
      column: 14,
    })
    expect(performance.now() - beganMs).toBeLessThan(10_000)
  })
})
