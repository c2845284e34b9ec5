import { describe, expect, test } from 'vitest'
import { compareReports, comparisonText } from './compare.js'
import type { AnyReport, AnyRow } from './reading.js'

const value = (median: number, min = median) => ({ median, min, max: median, count: 3 })
const row = (name: string, unit: string, ours: number, bare?: number): AnyRow => ({
  name,
  unit,
  judged: 'ours',
  values: { ours: value(ours), ...(bare === undefined ? {} : { bare: value(bare) }) },
})
const report = (...rows: AnyRow[]): AnyReport => ({
  bench: 'fanout',
  date: '2026-01-05T10:00:00.000Z',
  machine: { cpu: 'Some CPU', cores: 2, node: 'v20.19.0', load1: 0.5 },
  rows,
})
const only = (before: AnyRow, after: AnyRow) => compareReports(report(before), report(after)).figures[0]

describe('a figure', () => {
  test('is judged as a multiple of the bare loop in its own run: a machine half as fast is no loss', () => {
    expect(only(row('cpu', 'µs', 20, 10), row('cpu', 'µs', 40, 20))).toMatchObject({
      ratio: 1,
      against: 'bare',
      worse: false,
    })
  })

  test('is worse over 1.3 times the baseline, and not at it', () => {
    expect(only(row('cpu', 'µs', 100, 100), row('cpu', 'µs', 131, 100))?.worse).toBe(true)
    expect(only(row('cpu', 'µs', 100, 100), row('cpu', 'µs', 130, 100))?.worse).toBe(false)
  })

  test('is judged by itself where there is no bare loop', () => {
    expect(only(row('size', 'B', 100), row('size', 'B', 200))).toMatchObject({
      against: 'itself',
      ratio: 2,
      worse: true,
    })
  })

  test('is judged by its best round', () => {
    const after = { ...row('size', 'B', 200), values: { ours: value(200, 110) } }
    expect(only(row('size', 'B', 100), after)?.worse).toBe(false)
    const values = { ours: value(200, 110), bare: value(100) }
    expect(only(row('cpu', 'µs', 100, 100), { ...row('cpu', 'µs', 200), values })).toMatchObject({
      ratio: 1.1,
      worse: false,
    })
  })

  test('may differ by less than the least difference of its unit, even from 0', () => {
    expect(only(row('growth', 'MiB', 0.5), row('growth', 'MiB', 2))?.worse).toBe(false)
    expect(only(row('growth', 'MiB', -1), row('growth', 'MiB', 1))?.worse).toBe(false)
    expect(only(row('growth', 'MiB', 0), row('growth', 'MiB', 40))?.worse).toBe(true)
  })

  test('may be better', () => {
    expect(only(row('size', 'B', 1000), row('size', 'B', 10))).toMatchObject({ worse: false, ratio: 0.01 })
  })
})

describe('two reports', () => {
  test('list what only one of them has, and count the figures that are worse', () => {
    const compared = compareReports(
      report(row('a', 'B', 100), row('gone', 'B', 1)),
      report(row('a', 'B', 900), row('new', 'B', 1)),
    )
    expect(compared).toMatchObject({ worse: 1, onlyBefore: ['gone'], onlyAfter: ['new'] })
    const text = comparisonText(compared)
    expect(text).toMatch(/^a +100 → +900 B +9\.00 × +WORSE$/m)
    expect(text).toContain('only in the baseline: gone')
    expect(text).toContain('1 of 1 figures worse than 1.3 × the baseline')
  })

  test('list the figures of which ours failed in the run: others have values, and ours had one before', () => {
    const lost = { ...row('lost', 'B', 1, 5), values: { bare: value(5) } }
    const compared = compareReports(
      report(row('a', 'B', 1), row('lost', 'B', 1, 5)),
      report(row('a', 'B', 1), lost),
    )
    expect(compared).toMatchObject({ worse: 0, failed: ['lost'], onlyBefore: [] })
    expect(comparisonText(compared)).toContain('FAILED in the run: lost\n')
    expect(compareReports(report(row('a', 'B', 1), lost), report(row('a', 'B', 1), lost)).failed).toEqual([])
  })

  test('of different benches, or with nothing in common, cannot be compared', () => {
    const soak: AnyReport = { ...report(row('a', 'B', 1)), bench: 'soak' }
    expect(() => compareReports(report(row('a', 'B', 1)), soak)).toThrow('a soak report cannot be compared')
    expect(() => compareReports(report(row('a', 'B', 1)), report(row('b', 'B', 1)))).toThrow(
      'no figure in common',
    )
  })
})
