import { describe, expect, test } from 'vitest'
import { derive } from './derive.js'
import { MAX_INDICES } from './indices.js'
import type { Status } from './reading.js'

const namesOf = (status: Status) => derive(status).indices.map(row => row.name)
const first = (status: Status) => derive(status).indices[0]

describe('names of indices', () => {
  test.each<[string, Status]>([
    ['a list of names', { indices: ['NIFTY', 'SENSEX'] }],
    ['a list of objects with a name or a symbol', { indices: [{ name: 'NIFTY' }, { symbol: 'SENSEX' }] }],
    ['comma text', { indices: ' NIFTY, SENSEX ,' }],
    ['the keys of a map', { indices: { NIFTY: {}, SENSEX: null } }],
    ['symbols as a list', { symbols: ['NIFTY', 'SENSEX'] }],
    ['symbols as comma text', { symbols: 'NIFTY,SENSEX' }],
    ['symbols when indices is of no known form', { indices: 7, symbols: ['NIFTY', 'SENSEX'] }],
    ['indices_detail', { indices_detail: { NIFTY: {}, SENSEX: {} } }],
    ['indices_info', { indices_info: { NIFTY: {}, SENSEX: {} } }],
    [
      'indices first, then what only the details have',
      { indices: ['NIFTY'], indices_detail: { SENSEX: {}, NIFTY: {} } },
    ],
    [
      'details, then what only the infos have',
      { indices_info: { NIFTY: {}, SENSEX: {} }, indices_detail: { NIFTY: {} } },
    ],
    ['each name once', { indices: ['NIFTY', 'NIFTY', 'SENSEX'] }],
    ['no name that is none', { indices: ['NIFTY', '', ' ', null, 3, {}, [], 'SENSEX'] }],
  ])('come from %s', (_, status) => {
    expect(namesOf(status)).toEqual(['NIFTY', 'SENSEX'])
    expect(derive(status).coverage.indicesCount).toBe(2)
  })

  test('come from indices rather than from symbols', () => {
    expect(namesOf({ indices: ['NIFTY'], symbols: ['SENSEX'] })).toEqual(['NIFTY'])
  })

  test('may be none: the count is 0', () => {
    for (const status of [{}, { indices: [] }, { indices: {} }, { indices: null }]) {
      expect(derive(status).coverage.indicesCount).toBe(0)
    }
  })

  test('never include a prototype key', () => {
    const status = JSON.parse(
      '{"indices": {"__proto__": {"ltp": 1}, "NIFTY": {}}, "symbols": "constructor", "indices_info": {"prototype": {}}}',
    )
    expect(namesOf(status)).toEqual(['NIFTY'])
    expect(namesOf({ indices: ['__proto__', 'constructor', 'NIFTY'] })).toEqual(['NIFTY'])
  })

  test('are all counted, also above the limit of rows', () => {
    const indices = Array.from({ length: MAX_INDICES + 5 }, (_, i) => `I${i}`)
    const snapshot = derive({ indices })
    expect(snapshot.indices).toHaveLength(MAX_INDICES)
    expect(snapshot.coverage.indicesCount).toBe(MAX_INDICES + 5)
  })

  test('have an origin', () => {
    expect(derive({ symbols: 'A', indices_info: { B: {} } }).origins.indices).toBe('symbols, indices_info')
  })
})

describe('values of an index', () => {
  const FULL = {
    ltp: 24_512.3,
    change: 0.05,
    status: ' OK ',
    age_sec: 2,
    legs: 212,
    dq: { score_percent: 93.1, issues_total: 0 },
    success_rate: 97,
    options: 812,
  }
  const ROW = {
    name: 'NIFTY',
    ltp: 24_512.3,
    changePct: 0.05,
    status: 'ok',
    ageSec: 2,
    legs: 212,
    legsAverage: null,
    fails: null,
    dqPct: 93.1,
    dqIssues: 0,
    successPct: 97,
    options: 812,
  }

  test.each(['indices', 'indices_detail', 'indices_info'])('are read from %s', member => {
    expect(first({ [member]: { NIFTY: FULL } })).toEqual(ROW)
  })

  test('are read from objects in a list', () => {
    expect(first({ indices: [{ name: 'NIFTY', ...FULL }] })).toEqual(ROW)
  })

  test('are read under their other names', () => {
    const { status: _status, ...others } = ROW
    expect(
      first({
        indices_detail: {
          NIFTY: {
            ltp: 24_512.3,
            change_pct: 0.05,
            age: 2,
            current_cycle_legs: 212,
            dq_score: 93.1,
            dq_issues: 0,
            success_percent: 97,
            options: 812,
          },
        },
      }),
    ).toEqual({ ...others, status: null })
  })

  test.each([
    ['ageSec', 'age', 'age_sec'],
    ['legs', 'legs', 'current_cycle_legs'],
    ['dqPct', 'dq.score_percent', 'dq_score'],
    ['dqIssues', 'dq.issues_total', 'dq_issues'],
    ['successPct', 'success_rate', 'success_percent'],
    ['changePct', 'change_pct', 'change'],
  ] as const)('%s is read from %s rather than from %s', (field, winner, loser) => {
    const nested = winner.startsWith('dq.') ? { dq: { [winner.slice(3)]: 10 } } : { [winner]: 10 }
    expect(first({ indices: { N: { [loser]: 20, ...nested } } })?.[field]).toBe(10)
  })

  test('come field by field from indices, then details, then infos', () => {
    const row = first({
      indices: { N: { ltp: 1, legs: null } },
      indices_detail: { N: { ltp: 2, legs: 20, options: 'many' } },
      indices_info: { N: { ltp: 3, legs: 30, options: 300 } },
    })
    expect(row).toMatchObject({ ltp: 1, legs: 20, options: 300 })
  })

  test('keep an unknown status as given, lower-cased', () => {
    expect(first({ indices: { N: { status: 'Warming Up' } } })?.status).toBe('warming up')
  })

  test('are null when they are of the wrong type', () => {
    const row = first({
      indices: { N: { ltp: 'n/a', change: true, status: 1, dq: 'good', legs: [], age: {} } },
    })
    expect(Object.values(row ?? {}).filter(value => value !== null)).toEqual(['N'])
  })
})

describe('legs', () => {
  test.each<[string, unknown, unknown]>([
    ['of this cycle with their average', { legs: '12 (9)' }, [12, 9]],
    ['with separators', { current_cycle_legs: '1,212(1,180)' }, [1212, 1180]],
    ['of which only the average is known', { legs: '— (9)' }, [null, 9]],
    ['rather under their first name', { legs: '12 (9)', current_cycle_legs: '212 (180)' }, [12, 9]],
    [
      'summed over expiries where no number is given',
      { expiries: { a: { legs: 80 }, b: { legs: '44' } } },
      [124, null],
    ],
    ['given rather than summed', { legs: 5, expiries: { a: { legs: 80 } } }, [5, null]],
    ['with the average of the total over the cycles', { legs: 5, legs_total: 1_004 }, [5, 100]],
    ['with the average given rather than reckoned', { legs: '5 (7)', legs_total: 1_000 }, [5, 7]],
    ['that are no legs', { legs: 'twelve (9)', current_cycle_legs: '12 (9', expiries: [] }, [null, null]],
  ])('are read: %s', (_, values, expected) => {
    const row = derive({ cycle: 10, indices_detail: { N: values } }).indices[0]
    expect([row?.legs, row?.legsAverage]).toEqual(expected)
  })

  test('have no average before the first cycle', () => {
    expect(derive({ cycle: 0, indices: { N: { legs_total: 5 } } }).indices[0]?.legsAverage).toBeNull()
  })
})

describe('success rates', () => {
  const success = (...rates: unknown[]) =>
    derive({ indices: Object.fromEntries(rates.map((rate, i) => [`I${i}`, rate])) }).indices.map(
      ({ successPct }) => successPct,
    )
  const unitless = (...rates: unknown[]) => success(...rates.map(success_rate => ({ success_rate })))

  test('without a unit are ratios when all of them are between 0 and 1', () => {
    expect(unitless(0.97, 0.57, 1, 0)).toEqual([97, 57, 100, 0])
    expect(unitless('0.5', null)).toEqual([50, null])
    expect(unitless(1)).toEqual([100])
  })

  test('without a unit are per cent when one of them is above 1', () => {
    expect(unitless(97, 0.5, 1)).toEqual([97, 0.5, 1])
  })

  test('with a unit are per cent, whatever their size, and do not decide the unit of others', () => {
    expect(success({ success_percent: 0.5 }, { success_rate: 0.5 }, { success_rate_pct: 1 })).toEqual([
      0.5, 50, 1,
    ])
  })

  test('of the cycle are ratios up to 1, unless those of the indices are in per cent', () => {
    const cycle = (loop: unknown, rates: unknown[] = []) =>
      derive({ loop, indices: Object.fromEntries(rates.map((r, i) => [`I${i}`, { success_rate: r }])) }).cycle
        .successPct
    expect(cycle({ success_rate: 0.97 })).toBe(97)
    expect(cycle({ success_rate: 1 })).toBe(100)
    expect(cycle({ success_rate: 97 }, [0.9])).toBe(97)
    expect(cycle({ success_rate: 1 }, [97])).toBe(1)
    expect(cycle({ success_rate: 0 })).toBe(0)
    expect(derive({ success_rate_pct: 1 }).cycle.successPct).toBe(1)
  })
})
