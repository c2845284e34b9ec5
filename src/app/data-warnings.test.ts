import { expect, test } from 'vitest'
import { capturedLog } from '../../test/support/captured-log.js'
import type { DataWarning } from '../snapshot/reading.js'
import { DataWarningLog, WrongTypesLog } from './data-warnings.js'

const nan = (path: string): DataWarning => ({ kind: 'not_finite', path, what: 'NaN', count: 1 })

test('a number that cannot be used is logged once an hour for each kind and path, in at most twenty lines', () => {
  const { log, lines } = capturedLog()
  let nowMs = 0
  const warnings = new DataWarningLog(log, { monotonicMs: () => nowMs })
  const rounded = { kind: 'inexact', path: 'a', what: 'an integer', count: 2 } as const
  for (let cycle = 0; cycle < 100; cycle++) warnings.see([nan('a'), rounded])
  expect(lines().map(({ msg }) => msg)).toEqual([
    'a number of the status is missing: a is NaN',
    'a number of the status is rounded: a is an integer, one of 2 such integers',
  ])
  for (let n = 0; n < 1_000; n++) warnings.see([nan(`row ${n}`)])
  expect(lines()).toHaveLength(20)
  nowMs = 3_600_000
  warnings.see([nan('a')])
  expect(lines()).toHaveLength(21)
})

test('values of a wrong type are logged once when they appear and once when they are gone', () => {
  const { log, lines } = capturedLog()
  const wrongTypes = new WrongTypesLog(log)
  for (const count of [0, 27, 26, 27])
    wrongTypes.see({ count, first: count === 0 ? null : 'indices.NIFTY.ltp' })
  wrongTypes.see({ count: 0, first: null })
  expect(lines()).toMatchObject([
    { level: 40, count: 27, example: 'indices.NIFTY.ltp', msg: expect.stringContaining('wrong type') },
    { level: 30, msg: expect.stringContaining('any more') },
  ])
})
