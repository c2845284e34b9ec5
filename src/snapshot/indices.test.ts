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

  test('are all counted, though only so many have rows', () => {
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
    const nested = winner.startsWith('dq.') ? { dq: { [winner.slice(3)]: 1 } } : { [winner]: 1 }
    expect(first({ indices: { N: { [loser]: 2, ...nested } } })?.[field]).toBe(1)
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
      indices: { N: { ltp: '1', change: true, status: 1, dq: 'good', legs: [], age: {} } },
    })
    expect(Object.values(row ?? {}).filter(value => value !== null)).toEqual(['N'])
  })
})
