import { expect, test } from 'vitest'
import { cycleComplaints } from './bounds.js'

const BOUNDS = { benchMaxP95Ms: 150, benchMinHitRatio: 0.3 }
const judged = (p95_ms: number, cycle_cpu_p95_ms: number, hit_ratio = 0.7) =>
  cycleComplaints({ p95_ms, cycle_cpu_p95_ms, hit_ratio }, BOUNDS)

test('a cycle that takes too long on the clock and on the processor is over the limit', () => {
  expect(judged(160, 151)).toEqual(['p95, the less of time and processor time: 151 ms, the limit is 150 ms'])
})

test('a cycle that waited for the processor, and compilation on another core, are not', () => {
  expect(judged(900, 12)).toEqual([])
  expect(judged(12, 160)).toEqual([])
  expect(judged(150, 150)).toEqual([])
})

test('a hit ratio under its limit is reported in addition to the time', () => {
  expect(judged(1, 1, 0.3)).toEqual([])
  expect(judged(1, 1, 0.29)).toEqual(['hit ratio: 0.29, the limit is 0.3'])
  expect(judged(160, 160, 0)).toHaveLength(2)
})
