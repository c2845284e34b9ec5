import { expect, test } from 'vitest'
import { cycleComplaints } from './bounds.js'

const BOUNDS = { benchMaxP95Ms: 150, benchMinHitRatio: 0.3 }
const judged = (p95_ms: number, cycle_cpu_p95_ms: number, hit_ratio = 0.7) =>
  cycleComplaints({ p95_ms, cycle_cpu_p95_ms, hit_ratio }, BOUNDS)

test('a cycle that takes too long, and takes the processor for it, is over the bound', () => {
  expect(judged(160, 151)).toEqual([
    'p95 is 160.00 ms, 151.00 ms of them on the processor, the bound is 150 ms',
  ])
})

test('a cycle that waited for its turn, and a compiler beside it, are not', () => {
  expect(judged(900, 12)).toEqual([])
  expect(judged(12, 160)).toEqual([])
  expect(judged(150, 150)).toEqual([])
})

test('a hit ratio under its bound is told, beside the time', () => {
  expect(judged(1, 1, 0.3)).toEqual([])
  expect(judged(1, 1, 0.29)).toEqual(['the hit ratio is 0.29, the bound is 0.3'])
  expect(judged(160, 160, 0)).toHaveLength(2)
})
