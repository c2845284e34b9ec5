import { describe, expect, test } from 'vitest'
import { derive } from '../snapshot/derive.js'
import { compose } from './compose.js'

const part = (name: string, status: Record<string, unknown>, down = false) => ({ name, status, down })

describe('several statuses as one', () => {
  test('a single one is returned as it is', () => {
    const status = { a: 1 }
    expect(compose([part('x', status)])).toBe(status)
  })

  test('unites indices of any shape, and the first source wins', () => {
    const one = part('one', { indices: { NIFTY: { ltp: 1 } }, indices_detail: { NIFTY: { legs: 1 } } })
    const two = part('two', { indices: ['NIFTY', 'SENSEX'], indices_info: { SENSEX: { ltp: 5 } } })
    expect(compose([one, two])).toEqual({
      indices: { NIFTY: { ltp: 1 }, SENSEX: {} },
      indices_detail: { NIFTY: { legs: 1 } },
      indices_info: { SENSEX: { ltp: 5 } },
    })
    expect(compose([two, part('three', { indices: 'NIFTY, BANKNIFTY' })]).indices).toEqual([
      'NIFTY',
      'SENSEX',
      'BANKNIFTY',
    ])
    expect(derive(compose([two, one])).indices.map(row => [row.name, row.ltp])).toEqual([
      ['NIFTY', 1],
      ['SENSEX', 5],
    ])
  })

  test('unites indices that come as a list with their values', () => {
    const one = part('one', { indices: [{ name: 'NIFTY', ltp: 1, status: 'OK' }] })
    const two = part('two', { indices: [{ symbol: 'SENSEX', ltp: 5 }, 'BANKNIFTY'] })
    const rows = (...parts: Parameters<typeof compose>[0][number][]) =>
      derive(compose(parts)).indices.map(({ name, ltp, status }) => [name, ltp, status])
    expect(rows(one, two)).toEqual([
      ['NIFTY', 1, 'ok'],
      ['SENSEX', 5, null],
      ['BANKNIFTY', null, null],
    ])
    expect(rows({ ...one, down: true }, two)[0]).toEqual(['NIFTY', 1, 'stale'])
    expect(rows({ ...one, down: true })).toEqual([['NIFTY', 1, 'stale']])
  })

  test('concatenates alerts and events, with the source before the component', () => {
    const one = part('one', { alerts: [{ message: 'a', component: 'C' }], events: [{ message: 'e' }] })
    const two = part('two', { alerts: [{ message: 'b' }, 'text'] })
    expect(compose([one, two])).toEqual({
      alerts: [{ message: 'a', component: 'one: C' }, { message: 'b', component: 'two' }, 'text'],
      events: [{ message: 'e', component: 'one' }],
    })
  })

  test('adds up alerts that are only counted', () => {
    const one = part('one', { alerts: { total: 3, severity_counts: { critical: 1 } } })
    const two = part('two', { alerts: { total: 2, severity_counts: { critical: 1, warn: 1 } } })
    expect(compose([one, two])).toEqual({ alerts: { total: 5, severity_counts: { critical: 2, warn: 1 } } })
  })

  test('takes every other member from the first that has it', () => {
    const one = part('one', { cycle: 7, market_open: true })
    const two = part('two', { cycle: 9, resources: { cpu: 5 } })
    expect(compose([one, two])).toEqual({ cycle: 7, market_open: true, resources: { cpu: 5 } })
  })

  test('marks the indices of a source that is down, and no others', () => {
    const one = part('one', { indices: { NIFTY: { ltp: 1, status: 'OK' } } }, true)
    const two = part('two', { indices: ['SENSEX'], indices_detail: { SENSEX: { status: 'ok' } } })
    const rows = derive(compose([one, two])).indices
    expect(rows.map(row => [row.name, row.status, row.ltp])).toEqual([
      ['NIFTY', 'stale', 1],
      ['SENSEX', 'ok', null],
    ])
  })
})
