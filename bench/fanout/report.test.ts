import { describe, expect, test } from 'vitest'
import { type Report, reportRow, reportText } from './report.js'

const row = {
  name: 'cpu',
  unit: 'µs',
  gated: true,
  targets: [
    { against: 'bare', limit: 1.1 },
    { against: 'better-sse', limit: 0.4 },
  ],
}
const round = (ours: number, bare: number, other: number) => ({
  load1: 0.5,
  values: { cpu: { ours, bare, 'better-sse': other } },
})

describe('a row of the report', () => {
  test('judges the median of the ratios round by round, not the ratio of medians', () => {
    const made = reportRow(row, [round(10, 10, 100), round(30, 20, 100), round(100, 100, 100)])
    expect(made.checks[0]).toMatchObject({ what: 'ours / bare', reached: true, passed: true })
    expect(made.checks[0]?.value).toEqual({ median: 1, min: 1, max: 1.5, count: 3 })
    expect(made.values.ours).toEqual({ median: 30, min: 10, max: 100, count: 3 })
  })

  test('passes CI up to 1.3 times the target, and no further', () => {
    const ratio = (value: number) => reportRow(row, [round(value, 1, 1000)]).checks[0]
    expect(ratio(1.1)).toMatchObject({ reached: true, passed: true })
    expect(ratio(1.42)).toMatchObject({ reached: false, passed: true })
    expect(ratio(1.44)).toMatchObject({ reached: false, passed: false })
  })

  test('passes CI when one round is within the gate: a loss shows in every round', () => {
    const [check] = reportRow(row, [round(3, 1, 1000), round(1.4, 1, 1000)]).checks
    expect(check).toMatchObject({ reached: false, passed: true })
  })

  test('reaches its target by the median, not by its best round', () => {
    const [check] = reportRow(row, [round(1, 1, 1000), round(3, 1, 1000), round(3, 1, 1000)]).checks
    expect(check).toMatchObject({ reached: false, value: { min: 1, median: 3 } })
  })

  test('judges an absolute limit on the value of ours', () => {
    const memory = { name: 'memory', unit: 'KiB', gated: true, targets: [{ against: null, limit: 8 }] }
    const made = reportRow(memory, [
      { load1: 0, values: { memory: { ours: 7, bare: 5 } } },
      { load1: 1, values: { memory: { ours: 9, bare: 5 } } },
    ])
    expect(made.checks).toMatchObject([{ what: 'ours', target: 8, reached: true, value: { median: 8 } }])
  })

  test('is only reported where CI must not fail by it', () => {
    const reported = reportRow({ ...row, gated: false }, [round(100, 1, 1)])
    expect(reported.checks).toMatchObject([
      { gated: false, reached: false, passed: true },
      { gated: false, reached: false, passed: true },
    ])
    const targets = [{ against: 'bare', limit: 1, reported: true }]
    expect(reportRow({ ...row, targets }, [round(100, 1, 1)]).checks).toMatchObject([{ passed: true }])
  })

  test('names subjects it is not judged against: not installed, or failed in every round', () => {
    const values = { cpu: { ours: 1, bare: 1 } }
    const made = reportRow(row, [{ load1: 0, values }])
    expect(made.checks.map(({ what }) => what)).toEqual(['ours / bare'])
    expect(made.unjudged).toEqual(['better-sse'])
  })

  test('judges the form of ours it names, whichever came first', () => {
    const forms = { ...row, judged: 'ours gzip', targets: [{ against: 'ours plain', limit: 1.1 }] }
    const made = reportRow(forms, [
      { load1: 0, values: { cpu: { 'ours plain': 10 } } },
      { load1: 0, values: { cpu: { 'ours gzip': 5, 'ours plain': 10 } } },
    ])
    expect(made.checks).toMatchObject([{ what: 'ours gzip / ours plain', value: { median: 0.5, count: 1 } }])
  })

  test('pairs only the rounds in which both were measured', () => {
    const values = { cpu: { ours: 50, 'better-sse': 100 } }
    const made = reportRow(row, [{ load1: 0, values }, round(10, 10, 100)])
    expect(made.checks).toMatchObject([
      { what: 'ours / bare', value: { median: 1, count: 1 } },
      { what: 'ours / better-sse', value: { count: 2 } },
    ])
  })

  test('has the load average at which each figure was taken', () => {
    const values = { cpu: { ours: 1, bare: 1 } }
    const made = reportRow(row, [
      { load1: 1, values },
      { load1: 3, values },
      { load1: 9, values: {} },
    ])
    expect(made.load1).toEqual({ median: 2, min: 1, max: 3, count: 2 })
  })

  test('makes no check where ours failed in every round', () => {
    const targets = [
      { against: 'bare', limit: 1 },
      { against: null, limit: 1 },
    ]
    const made = reportRow({ ...row, targets }, [{ load1: 0, values: { cpu: { bare: 5, nchan: 50 } } }])
    expect(made).toMatchObject({ judged: 'ours', checks: [], unjudged: ['bare', 'ours'] })
  })

  test('refuses to judge nothing', () => {
    expect(() => reportRow(row, [])).toThrow('no values for cpu')
  })
})

test('the text says machine, values, ratios, targets and verdicts', () => {
  const report: Report = {
    bench: 'fanout',
    date: '2026-01-05T00:00:00.000Z',
    machine: { cpu: 'Some CPU', cores: 2, memoryMb: 4096, node: 'v20.19.0', kernel: 'Linux 6', load1: 0.1 },
    pinned: true,
    client: 'ours',
    rounds: 1,
    notes: ['round 1, stalled: nchan: it failed'],
    versions: { 'better-sse': '0.16.1' },
    missing: [{ name: 'nchan', why: 'not installed' }],
    rows: [reportRow(row, [round(8, 7, 21)])],
    passed: true,
  }
  const text = reportText(report)
  expect(text).toContain('Some CPU, 2 cores, Linux 6, Node v20.19.0, load 0.10')
  expect(text).toContain('compared with better-sse 0.16.1\n')
  expect(text).toContain('nchan: not installed\n')
  expect(text).toContain('round 1, stalled: nchan: it failed\n')
  expect(text).toContain('cpu [µs]')
  expect(text).toMatch(/ours \/ bare +1\.14 \(1\.14–1\.14\) {2}target ≤ 1\.1: missed, within 1\.3 ×/)
  expect(text).toMatch(/ours \/ better-sse +0\.38 .*target ≤ 0\.4: reached/)
})
