import { expect, test } from 'vitest'
import { boardComplaints, cycleComplaints } from './bounds.js'

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

test('boards that take too long, and an event loop that is held, are reported', () => {
  const spread = (min: number) => ({ median: 1_000, min, max: 1_000, count: 2 })
  const cost = (min: number) => ({ p95_ms: 0, cpu_p95_ms: 0, cpu_ms: spread(min), ratio: spread(min) })
  const report = (known: number, learning: number, made: number, p99_ms: number, parseMs = 75) => {
    const parse_cpu_ms = spread(parseMs)
    const automatic = { megabytes: 2, parse_cpu_ms, known: cost(known), learning: cost(learning) }
    return {
      automatic: { pods: automatic, rows: automatic, map: automatic },
      declared: { megabytes: 2, parse_cpu_ms, made: cost(made) },
      loop_delay: { documents: 1, p50_ms: 0, p99_ms, max_ms: 0 },
    }
  }
  expect(boardComplaints(report(60, 300, 75, 150))).toEqual([])
  expect(boardComplaints(report(61, 301, 76, 151, 100))).toHaveLength(8)
  expect(boardComplaints(report(0, 0, 76, 0, 100))).toEqual([
    'declared board, 14 panels: processor time, least: 76 ms, the limit is 75 ms',
  ])
  // However fast the machine is.
  expect(boardComplaints(report(0, 0, 12, 0, 10))).toEqual([
    'declared board, 14 panels: over parsing, least over least: 1.2, the limit is 1',
  ])
  expect(boardComplaints(report(13, 0, 0, 0, 10))).toHaveLength(3)
})
