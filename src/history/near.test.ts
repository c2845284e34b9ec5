import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resultOf } from '../../test/terminal/support/scenes.js'
import { type Board, emptyBoard } from '../board/board.js'
import type { CycleResult } from '../engine/cycle.js'
import { makePanel } from '../panels/lines.js'
import type { Panel } from '../panels/panel.js'
import { historyCsv } from './csv.js'
import { NearHistory } from './near.js'

const START_SEC = 1_800_000_000
const NAME = 'NIFTY/50'

function indices(ltp: number | null): Panel {
  const text = String(ltp ?? '—')
  const cell = ltp === null ? { text } : { text, value: ltp }
  const columns = [{ label: 'Index' }, { label: 'LTP', fact: 'ltp' }] as const
  const panel = makePanel('indices', 'Indices', [{ kind: 'table', columns, rows: [[{ text: NAME }, cell]] }])
  return { ...panel, facts: ltp === null ? {} : { [NAME]: { ltp } } }
}

type Row = { ltp: number | undefined; text: string | number | undefined; 'low/1': number | undefined }
type Rows = Readonly<Record<string, Row>>

function rowsOf(rows: Rows): Panel {
  // What is not known has no member.
  const facts = JSON.parse(JSON.stringify(rows))
  return { ...makePanel('rows', 'Rows', [{ kind: 'text', text: JSON.stringify(rows) }]), facts }
}

function numbersOfRows(rows: Rows): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [name, { ltp, text, 'low/1': low }] of Object.entries(rows)) {
    if (ltp !== undefined) found.set(`rows.${name}.ltp`, ltp)
    if (typeof text === 'number') found.set(`rows.${name}.text`, text)
    if (low !== undefined) found.set(`rows.${name}.low%2F1`, low)
  }
  return found
}

class Played {
  sec = START_SEC
  board: Board = emptyBoard('e1')
  readonly named: (readonly [count: number, first: string])[] = []
  readonly near: NearHistory

  constructor(maxSeries = 512) {
    this.near = new NearHistory({
      nowMs: () => this.sec * 1000,
      maxSeries,
      onFull: (count, first) => this.named.push([count, first]),
    })
  }

  cycle(panels: readonly Panel[], state: CycleResult['source']['state'] = 'fresh'): void {
    const source = { state, ageSec: 1, changedAtMs: 0, error: null, tooOld: false }
    const result = resultOf(panels, { source }, this.board)
    this.board = result.board
    this.near.take(result)
  }

  read(name: string, back: number, stepSec = 1): readonly (number | null)[] {
    const span = { fromSec: this.sec - back + 1, toSec: this.sec, stepSec }
    return this.near.read([name], span).series[0]?.values ?? []
  }
}

const ID = 'indices.NIFTY%2F50.ltp'

describe('near history', () => {
  test('has a value a second; a step has the last one that is known in it', () => {
    const played = new Played()
    for (const ltp of [1, 2, null, 4]) {
      played.cycle([indices(ltp)])
      played.sec++
    }
    played.cycle([indices(5)])
    expect(played.read(ID, 5)).toEqual([1, 2, null, 4, 5])
    expect(played.read(ID, 5, 2)).toEqual([2, 4, 5])
    expect(played.read(ID, 7)).toEqual([null, null, 1, 2, null, 4, 5])
  })

  test('is asked by id or by the printed label, and names what it does not know', () => {
    const played = new Played()
    played.cycle([indices(7)])
    const span = { fromSec: played.sec, toSec: played.sec, stepSec: 1 }
    const { series, unknown } = played.near.read(
      [ID, `indices/${NAME}/LTP`, 'Indices/nifty/50/ltp', 'no.such', 'indices/X/LTP'],
      span,
    )
    expect(series.map(({ id, values }) => [id, values[0]])).toEqual([
      [ID, 7],
      [ID, 7],
      [ID, 7],
    ])
    expect(unknown).toEqual(['no.such', 'indices/X/LTP'])
  })

  test('counts the numbers that find no room, once', () => {
    const played = new Played(2)
    const many = { ...indices(1), facts: { a: 1, b: 2, c: 3, d: 4 } }
    played.cycle([many])
    played.sec++
    played.cycle([many])
    played.sec++
    played.cycle([many])
    expect(played.named).toEqual([[2, 'indices.c']])
  })

  test('agrees with one that keeps every reading, whatever rows and numbers come and go', () => {
    const number = fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined, freq: 8 })
    const row = fc.record({ ltp: number, text: fc.constantFrom('a', 7, undefined), 'low/1': number })
    const step = fc.record({
      rows: fc.dictionary(fc.constantFrom('x', '1'), row, { minKeys: 1 }),
      state: fc.constantFrom<CycleResult['source']['state']>(
        ...(['fresh', 'fresh', 'fresh', 'closed', 'stale', 'missing'] as const),
      ),
      sec: fc.constantFrom(0, 0, 1, 1, 2, 5),
    })
    const ids = ['x', '1'].flatMap(name => [`rows.${name}.ltp`, `rows.${name}.text`, `rows.${name}.low%2F1`])
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 40 }), steps => {
        const played = new Played()
        /** The numbers of each second, as the last reading in it has them. */
        const all = new Map<number, ReadonlyMap<string, number>>()
        let now: ReadonlyMap<string, number> = new Map()
        for (const { rows, state, sec } of steps) {
          played.cycle([rowsOf(rows)], state)
          const isGood = state === 'fresh' || state === 'closed'
          // A bad reading ends the lines after its second.
          now = isGood ? numbersOfRows(rows) : new Map()
          if (isGood) all.set(played.sec, now)
          for (let i = 0; i < sec; i++) all.set(++played.sec, now)
        }
        const last = steps.at(-1)
        played.cycle([rowsOf(last?.rows ?? {})], last?.state)
        for (const id of ids) {
          const expected = Array.from({ length: 50 }, (_, i) => all.get(played.sec - 49 + i)?.get(id) ?? null)
          const values = played.read(id, 50)
          expect(values.length === 0 ? expected.map(() => null) : values).toEqual(expected)
        }
      }),
      { numRuns: 30 },
    )
  })
})

test('as CSV it has a line for each time, and nothing where nothing is known', () => {
  const series = [
    { id: 'a.b', values: [1, null] },
    { id: 'a.x"y', values: [2.5, 3] },
  ]
  expect(historyCsv({ from: START_SEC * 1000, step_sec: 10, series })).toBe(
    'time,a.b,"a.x""y"\r\n2027-01-15T08:00:00.000Z,1,2.5\r\n2027-01-15T08:00:10.000Z,,3\r\n',
  )
})
