import { describe, expect, test } from 'vitest'
import { samplesOf } from './numbers.js'

describe('indices', () => {
  test('give a price and a data quality each', () => {
    const facts = {
      NIFTY: { dq_pct: 96.9, legs: 189, ltp: 24543.27 },
      BANKNIFTY: { dq_pct: 88.7, legs: 179, ltp: 51999 },
    }
    expect(samplesOf('indices', facts)).toEqual([
      { group: 'dq', label: 'NIFTY', value: 96.9 },
      { group: 'dq', label: 'BANKNIFTY', value: 88.7 },
      { group: 'lowest', label: 'lowest', value: 88.7 },
      { group: 'ltp', label: 'NIFTY', value: 24543.27 },
      { group: 'ltp', label: 'BANKNIFTY', value: 51999 },
    ])
  })

  test('however many give the lowest data quality of all that have one', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`INDEX${i}`, { dq_pct: 500 - i }]))
    const lowest = (last: object) =>
      samplesOf('indices', { ...many, SENSEX: last }).find(({ group }) => group === 'lowest')?.value
    expect(lowest({})).toBe(1)
    expect(lowest({ dq_pct: 0 })).toBe(0)
    expect(samplesOf('indices', { NIFTY: {} })).toContainEqual({
      group: 'lowest',
      label: 'lowest',
      value: null,
    })
  })

  test('without a number are a gap: text is not read', () => {
    expect(samplesOf('indices', { NIFTY: { ltp: '24543.27' }, SENSEX: {}, odd: 5 })).toMatchObject([
      ...['NIFTY', 'SENSEX', 'odd'].map(label => ({ group: 'dq', label, value: null })),
      { group: 'lowest', value: null },
      ...['NIFTY', 'SENSEX', 'odd'].map(label => ({ group: 'ltp', label, value: null })),
    ])
  })
})

describe('the cycle', () => {
  test('gives its last and its p95 time, both in seconds', () => {
    expect(samplesOf('cycle', { number: 7, last_duration_sec: 0.696, p95_ms: 1062 })).toEqual([
      { group: 'cycle', label: 'last', value: 0.696 },
      { group: 'cycle', label: 'p95', value: 1.062 },
    ])
  })

  test('without them gives gaps', () => {
    expect(samplesOf('cycle', {}).map(({ value }) => value)).toEqual([null, null])
  })
})

test('resources give processor and memory', () => {
  expect(samplesOf('resources', { cpu_pct: 0, memory_mb: 232.65 })).toEqual([
    { group: 'cpu', label: 'CPU', value: 0 },
    { group: 'memory', label: 'Memory', value: 232.65 },
  ])
})

test('other panels give nothing, whatever they are called, and neither does a panel without facts', () => {
  for (const key of ['storage', 'toString', '__proto__', ''])
    expect(samplesOf(key, { cpu_pct: 1 })).toEqual([])
  expect(samplesOf('resources', undefined)).toEqual([])
})
