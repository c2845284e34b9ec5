import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Panel } from '../panels/panel.js'
import { readBoard } from './board.js'
import type { MakeContext } from './evaluation.js'
import type { Made } from './make.js'

const NOW_MS = Date.parse('2026-11-29T16:00:00Z')
const CONTEXT: MakeContext = { nowMs: NOW_MS, timezone: 'UTC', sourceZone: null }

function boardOf(text: string, sources: readonly string[] = []) {
  const read = readBoard(text, 'toml', () => ({ names: sources, faults: [] }))
  if (!read.ok) throw new Error(JSON.stringify(read.findings))
  return read.board
}

function made(
  text: string,
  document: unknown,
  more: Partial<MakeContext> = {},
  sources?: readonly string[],
): Made {
  return boardOf(text, sources).make(document, { ...CONTEXT, ...more })
}

/** The first panel of a file with this inside. */
function panelOf(inside: string, document: unknown, more: Partial<MakeContext> = {}): Panel {
  const [panel] = made(`[[panel]]\ntitle = "P"\n${inside}`, document, more).panels
  if (panel === undefined) throw new Error('no panel')
  return panel
}

const field = (item: string, document: unknown) => {
  const [block] = panelOf(`fields = [ ${item} ]`, document).blocks
  return block?.kind === 'fields' ? block.items[0] : undefined
}

const linesOf = (inside: string, document: unknown) => panelOf(inside, document).lines

describe('a field', () => {
  test('has its number, unit and text', () => {
    const rows = [
      ['{ from = "a", unit = "ms" }', { a: 1250 }, { label: 'a', text: '1.25 s', value: 1250, unit: 'ms' }],
      ['{ from = "a", unit = "seconds" }', { a: 207 }, { text: '3 min 27 s', unit: 's' }],
      ['{ from = "a", unit = "B" }', { a: 1_300_000_000 }, { text: '1.21 GiB', unit: 'B' }],
      ['{ from = "a", unit = "%" }', { a: 97.5816 }, { text: '97.58 %', unit: '%' }],
      ['{ from = "a", unit = "ratio" }', { a: 0.125 }, { text: '12.5 %', value: 12.5, unit: '%' }],
      // Too large for a number in per cent.
      ['{ from = "a", unit = "ratio" }', { a: -1.7e307 }, { value: -1.7e307, unit: 'ratio' }],
      ['{ from = "a", unit = "/s" }', { a: 312.4 }, { text: '312.4 /s' }],
      ['{ from = "a", unit = "°C" }', { a: '21.5' }, { text: '21.5 °C', value: 21.5 }],
      ['{ from = "a" }', { a: '21' }, { text: '21' }],
      ['{ from = "a" }', { a: true }, { text: 'yes' }],
      ['{ from = "a" }', { a: [1, 'b', null] }, { text: '1, b, …' }],
      [
        '{ from = "a" }',
        { a: Array.from({ length: 10 }, (_, i) => i) },
        { text: '0, 1, 2, 3, 4, 5, 6, 7, 2 more' },
      ],
      ['{ from = "a" }', { a: [{}, {}] }, { text: '2 items' }],
      ['{ from = "a" }', { a: 'x\u001b[31m\u202ey\nz' }, { text: 'xy z' }],
    ] as const
    for (const [item, document, wanted] of rows)
      expect([item, field(item, document)]).toMatchObject([item, wanted])
  })

  test('of a time is an absolute time, from any form', () => {
    const atMs = Date.parse('2026-11-29T15:40:10Z')
    for (const a of [
      '2026-11-29T15:40:10Z',
      '2026-11-29T15:40:10.000000000Z',
      atMs,
      atMs / 1000,
      atMs * 1000,
      String(atMs),
    ]) {
      expect([a, field('{ from = "a", unit = "time" }', { a })]).toMatchObject([
        a,
        { text: '2026-11-29 15:40:10', value: atMs, unit: 'time' },
      ])
    }
    for (const a of ['0001-01-01T00:00:00Z', 0])
      expect(field('{ from = "a", unit = "time" }', { a })?.text).toBe('never')
    expect(field('{ from = "a", unit = "time" }', { a: 'soon' })).toEqual({
      label: 'a',
      text: 'soon',
      tone: 'muted',
    })
    const old = '{ from = "a", unit = "time", warn = "> 10m", error = "> 1h" }'
    expect(field(old, { a: atMs })?.tone).toBe('warn')
    expect(field(old, { a: NOW_MS - 60_000 })?.tone).toBe('ok')
  })

  test('has a tone by its thresholds', () => {
    const limits = '{ from = "a", unit = "ms", warn = "> 10s", error = "> 60s" }'
    expect([5_000, 10_000, 10_001, 60_001].map(a => field(limits, { a })?.tone)).toEqual([
      'ok',
      'ok',
      'warn',
      'error',
    ])
    const share = '{ from = "a", unit = "ratio", warn = "> 80%" }'
    expect([0.8, 0.81].map(a => field(share, { a })?.tone)).toEqual(['ok', 'warn'])
    expect([0, 1].map(a => field('{ from = "a", error = "= 0" }', { a })?.tone)).toEqual(['error', 'ok'])
    expect(['ok', 'Bad'].map(a => field('{ from = "a", error = "!= OK" }', { a })?.tone)).toEqual([
      'ok',
      'error',
    ])
  })

  test('has a tone by its word where its name says that it is a state', () => {
    expect(field('{ label = "x", from = "a.state" }', { a: { state: 'FAILED' } })?.tone).toBe('error')
    expect(field('{ label = "health", from = "a" }', { a: 'green' })?.tone).toBe('ok')
    expect(field('{ label = "x", from = "a" }', { a: 'FAILED' })?.tone).toBeUndefined()
    expect(field('{ from = "state" }', { state: 'frobnicating' })?.tone).toBe('muted')
    expect(field('{ from = "ready" }', { ready: false })?.tone).toBe('error')
    expect(field('{ from = "big" }', { big: false })?.tone).toBeUndefined()
    const own = '{ label = "x", from = "a", tones = { ok = ["dead"], warn = ["fine"] } }'
    expect(['DEAD', 'fine', 'failed', '?'].map(a => field(own, { a })?.tone)).toEqual([
      'ok',
      'warn',
      'error',
      'muted',
    ])
    const [first] = made(
      'words = { error = ["frob"] }\n[[panel]]\ntitle = "P"\nfields = [ { from = "state" } ]',
      { state: 'Frob' },
    ).panels
    expect(first?.tone).toBe('error')
  })

  test('that finds nothing is missing, and one that fails says why', () => {
    expect(field('{ from = "a" }', {})).toEqual({ label: 'a', text: '—', tone: 'muted' })
    expect(field('{ from = "a" }', { a: '' })).toEqual({ label: 'a', text: '—', tone: 'muted' })
    expect(field('{ label = "n", from = "length(a)" }', { a: 5 })).toEqual({
      label: 'n',
      text: '— (length() needs text or a list or an object, not a number)',
      tone: 'muted',
    })
    expect(field('{ label = "n", from = "a[" }', { a: 5 })?.text).toContain('— (from "a[": it ends too early')
    expect(field('{ from = "a", warn = "10" }', { a: 50 })).toMatchObject({
      tone: 'muted',
      text: expect.stringMatching(/^50 \(warn: /),
    })
  })

  test('with a history has a fact, and every number is one', () => {
    const panel = panelOf(
      'fields = [ { label = "a.b/c", from = "a", history = true }, { label = "d", from = "d" } ]',
      { a: 1, d: 2 },
    )
    expect(panel.facts).toEqual({ 'a.b/c': 1, d: 2 })
    expect(panel.blocks[0]).toMatchObject({ items: [{ fact: 'a%2Eb%2Fc' }, { label: 'd' }] })
  })

  test('with show = "bad" is shown only then', () => {
    const item = '{ from = "a", show = "bad", warn = "> 1" }, { from = "b" }'
    expect(linesOf(`fields = [ ${item} ]`, { a: 1, b: 1 })).toEqual(['b: 1'])
    expect(linesOf(`fields = [ ${item} ]`, { a: 2, b: 1 })).toEqual(['a: 2 !', 'b: 1'])
  })
})

describe('a table', () => {
  const ROWS = { list: [{ n: 'a', v: 2 }, { n: 'b' }, { n: 'c', v: 10 }, { n: 'd', v: 'x' }] }
  const COLUMNS = 'columns = [ { from = "n" }, { from = "v" } ]'

  test('is sorted, missing values last in both directions', () => {
    const order = (sort: string) =>
      linesOf(`rows = "list"\nsort = "${sort}"\n${COLUMNS}`, ROWS)
        .slice(1)
        .map(line => line[0])
        .join('')
    expect([order('v'), order('-v'), order('-n')]).toEqual(['acdb', 'dcab', 'dcba'])
  })

  test('of a map has the keys of its rows, of a list none', () => {
    const columns = 'columns = [ { label = "k", from = "@key" }, { label = "v", from = "@" } ]'
    expect(linesOf(`rows = "m"\nsort = "-@key"\n${columns}`, { m: { a: 1, b: 2 } })).toEqual([
      'k  v',
      'b  2',
      'a  1',
    ])
    expect(linesOf(`rows = "m"\nwhere = "@key != 'a'"\n${columns}`, { m: { a: 1, b: 2 } })).toEqual([
      'k  v',
      'b  2',
    ])
    expect(linesOf(`rows = "m"\n${columns}`, { m: [7] })).toEqual(['k  v', '—  7'])
  })

  test('that is empty says so; one whose rows are not there says that', () => {
    expect(linesOf(`rows = "list"\nwhere = "v > \`99\`"\nempty = "all well"\n${COLUMNS}`, ROWS)).toEqual([
      'all well',
    ])
    expect(linesOf(`rows = "list"\n${COLUMNS}`, { list: {} })).toEqual(['none'])
    const absent = panelOf(`rows = "lost"\nempty = "all well"\n${COLUMNS}`, ROWS)
    expect([absent.lines, absent.tone]).toEqual([['nothing at lost'], 'muted'])
    expect(linesOf(`rows = "n"\n${COLUMNS}`, { n: 5 })).toEqual([
      'rows are a list or an object, not a number',
    ])
  })

  test('never hides that a row is not well', () => {
    const list = Array.from({ length: 40 }, (_, i) => ({
      n: `r${i}`,
      state: i === 35 ? 'failed' : i === 36 ? 'degraded' : 'ok',
    }))
    const columns = 'columns = [ { from = "n" }, { from = "state" } ]'
    const first = panelOf(`rows = "list"\nlimit = 13\n${columns}`, { list })
    expect(first.lines.slice(1, 4)).toEqual(['r35  failed !!', 'r36  degraded !', 'r0   ok'])
    expect(first.lines.at(-1)).toBe('27 more rows not shown')
    const sorted = panelOf(`rows = "list"\nlimit = 2\nsort = "n"\n${columns}`, { list })
    expect(sorted.lines).toEqual([
      'n   state',
      'r0  ok',
      'r1  ok',
      '38 more rows not shown, 2 of them not well !!',
    ])
    expect(sorted.tone).toBe('error')
  })

  test('counts what is not well among the rows it keeps, though others judge the same list by the same rules', () => {
    const list = Array.from({ length: 60 }, (_, i) => ({
      n: `r${i}`,
      g: i % 2,
      v: [i < 30 ? 9 : 1, i === 31 ? 'failed' : 'ok', i === 32 ? 'ok' : null][i % 3],
    }))
    const columns = 'columns = [ { from = "n" }, { label = "state", from = "v", warn = "> 5" } ]'
    const other = 'columns = [ { from = "n" }, { label = "state", from = "v", warn = "> 10" } ]'
    const table = (title: string, rest: string) => `[[panel]]\ntitle = "${title}"\nrows = "list"\n${rest}\n`
    const text = [
      table('All', `sort = "n"\nlimit = 1\n${columns}`),
      table('Even', `where = "g == \`0\`"\nsort = "-n"\nlimit = 1\n${columns}`),
      table('Other rules', `sort = "n"\nlimit = 1\n${other}`),
      table('Same again', `sort = "-n"\nlimit = 1\n${columns}`),
    ].join('')
    const notes = made(text, { list }).panels.map(({ lines }) => lines.at(-1))
    expect(notes).toEqual([
      // Of 10 warnings and one that failed, the rows that are shown are one each: r0, r8, r0 and r9.
      '59 more rows not shown, 10 of them not well !!',
      '29 more rows not shown, 5 of them not well !',
      '59 more rows not shown, 1 of them not well !!',
      '59 more rows not shown, 10 of them not well !!',
    ])
  })

  test('judges the key of its own row, also where many rows were judged before', () => {
    const map = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, { v: i }]))
    const rows = 'rows = "map"\nlimit = 2\nsort = "-@key"\nwhere = "@key != \'k9\'"'
    expect(
      linesOf(`${rows}\ncolumns = [ { from = "@key" }, { from = "v", warn = "> 17" } ]`, { map }),
    ).toEqual(['@key  v', 'k8    8', 'k7    7', '17 more rows not shown, 2 of them not well !'])
  })

  test('keeps rows that its filter cannot judge', () => {
    const panel = panelOf(`rows = "list"\nwhere = "length(v) > \`0\`"\n${COLUMNS}`, ROWS)
    expect(panel.lines.slice(-1)[0]).toContain('not all rows are filtered: length() needs')
    expect(panel.lines.some(line => line.startsWith('a '))).toBe(true)
  })

  test('is joined by a value of both, also where one side is text and the other a number', () => {
    const join = 'join = { rows = "use", on = "id = pod", as = "u" }'
    const columns = 'columns = [ { from = "id" }, { label = "cpu", from = "u.cpu" } ]'
    const document = {
      list: [{ id: 1 }, { id: 'b' }, { id: 'c' }],
      use: [
        { pod: '1', cpu: 5 },
        { pod: 'b', cpu: 7 },
        { pod: 'b', cpu: 8 },
      ],
    }
    expect(linesOf(`rows = "list"\n${join}\n${columns}`, document)).toEqual([
      'id  cpu',
      '1     5',
      'b     7',
      'c     —',
    ])
    const keyed = 'join = { rows = "use", on = "id = @key", as = "u" }'
    expect(linesOf(`rows = "list"\n${keyed}\n${columns}`, { ...document, use: { c: { cpu: 1 } } })[3]).toBe(
      'c     1',
    )
  })

  test('reads at most 10 000 rows, joins them in linear time, and shows what it leaves out', () => {
    const list = Array.from({ length: 12_000 }, (_, id) => ({ id }))
    const join = 'join = { rows = "list", on = "id = id", as = "o" }'
    const beganMs = performance.now()
    const { lines } = panelOf(`rows = "list"\n${join}\nlimit = 3\ncolumns = [ { from = "o.id" } ]`, { list })
    expect(performance.now() - beganMs).toBeLessThan(5_000)
    expect(lines).toEqual([
      'id',
      '0',
      '1',
      '2',
      '9997 more rows not shown',
      '2000 more rows not read; at most 10000 are',
    ])
  })

  test('names its state, its numbers and its trends', () => {
    const inside =
      'rows = "m"\ncolumns = [ { label = "k", from = "@key" }, { from = "state", priority = 9 }, { from = "v", unit = "ms", history = true } ]'
    const panel = panelOf(inside, { m: { a: { state: 'up', v: 1 }, 'b.c': { state: 'down', v: 2 } } })
    expect(panel.blocks[0]).toMatchObject({
      columns: [
        { label: 'k' },
        { label: 'state', role: 'state', priority: 9 },
        { label: 'v', align: 'right', unit: 'ms', fact: 'v' },
      ],
    })
    expect(panel.facts).toEqual({ a: { v: 1 }, 'b.c': { v: 2 } })
  })
})

describe('alerts', () => {
  const ALERTS = `[[panel]]
title = "Incidents"
key = "alerts"
rows = "list"
empty = "no incident"
columns = [ { label = "Time", from = "at", unit = "time" }, { label = "Level", from = "impact" }, { label = "Message", from = "name" } ]`

  test('take the place of the alerts: with counts, roles and facts', () => {
    const list = [
      { at: '2026-11-29T15:40:10Z', impact: 'critical', name: 'down' },
      { at: '2026-11-29T15:50:10Z', impact: 'minor', name: 'slow' },
      { impact: 'none', name: 'fine' },
    ]
    const [panel] = made(ALERTS, { list }).panels
    expect(panel).toMatchObject({ key: 'alerts', title: 'Incidents', tone: 'error' })
    expect(panel?.lines.slice(0, 2)).toEqual(['total: 3', 'by_severity: critical:1 warn:1 info:1'])
    expect(panel?.facts).toEqual({
      total: 3,
      items: [
        {
          at_ms: Date.parse('2026-11-29T15:50:10Z'),
          time: '2026-11-29 15:50:10',
          level: 'warn',
          message: 'slow',
          times: 1,
        },
        {
          at_ms: Date.parse('2026-11-29T15:40:10Z'),
          time: '2026-11-29 15:40:10',
          level: 'critical',
          message: 'down',
          times: 1,
        },
        { level: 'info', message: 'fine', times: 1 },
      ],
    })
    expect(panel?.blocks[1]).toMatchObject({ columns: [{}, { role: 'state' }, { role: 'message' }] })
  })

  test('without a row say so', () => {
    const [panel] = made(ALERTS, { list: [] }).panels
    expect(panel?.lines).toEqual(['total: 0', 'by_severity: —', 'no incident'])
    expect(panel?.facts).toEqual({ total: 0, items: [] })
  })
})

describe('keys', () => {
  test('come from titles, stay apart, and never take those of built-in panels', () => {
    const titles = [
      'Not well',
      'Not well',
      'Indices',
      '  Über 9 ',
      '漢字',
      '__proto__',
      'Alerts',
      'constructor',
    ]
    const text = titles.map(title => `[[panel]]\ntitle = "${title}"\nfields = [ { from = "a" } ]`).join('\n')
    expect(boardOf(text).keys).toEqual([
      'not_well',
      'not_well_2',
      'indices_2',
      'uber_9',
      'panel',
      'proto',
      'alerts_2',
      'constructor_2',
    ])
  })
})

test('the looks of a file are its title, and the columns of panels by key', () => {
  const text = [
    'title = "Search\\u0007 cluster"',
    '[[panel]]\ntitle = "Shards"\nspan = 2\nfields = [{ from = "shards" }]',
    '[[panel]]\ntitle = "Nodes"\nfields = [{ from = "nodes" }]',
  ].join('\n')
  const { looks } = boardOf(text)
  expect(looks.spans).toEqual({ shards: 2 })
  expect(looks.title).toMatch(/^Search\W* cluster$/)
  expect(looks.title).not.toContain('\u0007')
  expect(boardOf('[[panel]]\ntitle = "A"\nfields = [{ from = "a" }]').looks).toEqual({
    title: null,
    spans: {},
  })
})

describe('the verdict of a file', () => {
  const remark = (verdict: string, document: unknown) =>
    made(`verdict = "${verdict}"\nwords = { warn = ["frob"] }`, document)

  test('is the word of its expression', () => {
    expect(remark('s.status', { s: { status: 'red' } }).verdict).toEqual({
      tone: 'error',
      text: 'status: red',
    })
    expect(remark('status', { status: 'Frob' }).verdict).toEqual({ tone: 'warn', text: 'status: Frob' })
    expect(remark('indicator', { indicator: 'none' }).verdict).toEqual({
      tone: 'ok',
      text: 'indicator: none',
    })
    expect(remark('a == `1`', { a: 1 }).verdict).toEqual({ tone: 'ok', text: 'verdict: true' })
    expect(remark('down', { down: true }).verdict).toEqual({ tone: 'error', text: 'down: true' })
  })

  test('that says nothing is none, with a fault', () => {
    for (const document of [{}, { status: 'frobnicated' }, { status: 5 }, { status: [] }]) {
      const { verdict, faults } = remark('status', document)
      expect([verdict, faults.length]).toEqual([null, 1])
    }
  })
})

describe('what a document lacks', () => {
  const faultsOf = (text: string, document: unknown, sources?: readonly string[]) => {
    const board = boardOf(text, sources)
    return board
      .findingsOf(board.make(document, CONTEXT).faults)
      .map(({ line, message }) => `${line} ${message}`)
  }

  test('is a fault with a suggestion; a value that is empty is none', () => {
    const fields = (from: string) => `[[panel]]\ntitle = "P"\nfields = [ { label = "x", from = "${from}" } ]`
    expect(faultsOf(fields('a.itmes'), { a: { items: [] } })).toEqual([
      '3 from "a.itmes": it finds nothing in this document, which has no itmes there; did you mean items?',
    ])
    expect(faultsOf(fields('a.items[0].name'), { a: { items: [] } })).toEqual([])
    expect(faultsOf(fields('a'), { a: null })).toEqual([])
    const table = '[[panel]]\ntitle = "P"\nrows = "list"\ncolumns = [ { from = "a" },\n { from = "b" } ]'
    expect(faultsOf(table, { list: [{ a: 1 }, { a: 2 }] })).toEqual([
      '5 from "b": it finds nothing in this document, which has no b there; did you mean a?',
    ])
    expect(faultsOf(table, { list: [{ a: 1 }, { b: 2 }] })).toEqual([])
  })

  test('is none while the source has not come', () => {
    const text =
      '[[panel]]\ntitle = "P"\nfields = [ { from = "use.cpu" }, { from = "pods.n" } ]\n[source.pods]\nfile = "a"'
    expect(faultsOf(text, { pods: { n: 1 } }, ['pods', 'use'])).toEqual([])
  })

  test('a source that is down marks the panels that read it, and no others', () => {
    const text =
      '[[panel]]\ntitle = "A"\nfields = [ { from = "use.cpu" } ]\n[[panel]]\ntitle = "B"\nfields = [ { from = "pods.n" } ]'
    const { panels } = made(
      text,
      { pods: { n: 1 }, use: { cpu: 3 } },
      { down: new Map([['use', 'connection refused']]) },
      ['pods', 'use'],
    )
    expect(panels.map(({ tone, lines }) => [tone, lines])).toEqual([
      ['error', ['use: connection refused !!', 'cpu: 3']],
      ['ok', ['n: 1']],
    ])
  })
})

describe('any board on any document', () => {
  test('that takes too long says so in its panels', () => {
    const square = '{ from = "list[].[$.list[].a]" }'
    const text = `[[panel]]\ntitle = "A"\nfields = [ ${square}, ${square}, ${square}, ${square} ]\n[[panel]]\ntitle = "B"\nfields = [ { from = "list[0].a" } ]`
    const { panels } = made(text, { list: Array.from({ length: 3_000 }, (_, a) => ({ a })) })
    expect(panels.map(({ lines }) => lines.at(-1))).toEqual([
      'not complete: the expressions of this board take too long for this document !',
      'not complete: the expressions of this board take too long for this document !',
    ])
  })

  test('is made without an error, and the same twice', () => {
    const name = fc.constantFrom(
      'a',
      'b',
      'a.b',
      '*',
      '@',
      '@key',
      'list',
      'list[]',
      'length(a)',
      '$.a',
      'constructor',
      '__proto__',
      'a[',
      'sum(list)',
    )
    const item = fc.record({
      from: name,
      unit: fc.option(fc.constantFrom('ms', 'time', 'B', '%', 'ratio', 'x'), { nil: undefined }),
      warn: fc.option(fc.constantFrom('> 1', '= x', '> 10s', '?'), { nil: undefined }),
      history: fc.boolean(),
      show: fc.constantFrom('always', 'bad'),
    })
    const items = fc.array(item, { minLength: 1, maxLength: 4 })
    const table = fc.record({
      title: fc.constantFrom('A', 'B', 'Alerts'),
      rows: name,
      columns: items,
      where: fc.option(name, { nil: undefined }),
      sort: fc.option(fc.constantFrom('a', '-b', '-@key', '['), { nil: undefined }),
      limit: fc.constantFrom(1, 3, undefined),
      join: fc.option(fc.constant({ rows: 'list', on: 'a = b', as: 'o' }), { nil: undefined }),
    })
    const fields = fc.record({ title: fc.constantFrom('A', 'B'), fields: items })
    const file = fc.record({
      verdict: fc.option(name, { nil: undefined }),
      panel: fc.array(fc.oneof(table, fields), { maxLength: 3 }),
    })
    const value = fc.oneof(
      { maxDepth: 2 },
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('red', 1, '0001-01-01T00:00:00Z', '\ud800\u001b'),
    )
    const row = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'state'), value)
    const document = fc.oneof(
      value,
      fc.record({ a: value, b: row, list: fc.oneof(fc.array(row, { maxLength: 20 }), row) }),
    )
    fc.assert(
      fc.property(file, document, (given, status) => {
        const read = readBoard(JSON.stringify(given), 'json', () => ({ names: [], faults: [] }))
        if (!read.ok) throw new Error(JSON.stringify(read.findings))
        const first = read.board.make(status, CONTEXT)
        expect(read.board.make(status, CONTEXT)).toEqual(first)
        expect(JSON.parse(JSON.stringify(first.panels))).toEqual(first.panels)
        for (const { lines } of first.panels) expect(lines.join('')).not.toMatch(/\p{Cc}|\p{Cs}/u)
      }),
      { numRuns: Number(process.env.G6_TEST_RUNS ?? 500) },
    )
  })
})
