import { expect, test } from 'vitest'
import { figureTable, type GatewayReport, gatewayFigures, misses } from './run.js'

/** A run in which an event takes `ms` through the relay and 1 ms through the pipe, and costs `cost` times as much. */
function reportOf({ ms, cost }: { readonly ms: number; readonly cost: number }): GatewayReport {
  const same = (value: number) => ({ p50: value, p95: value, p99: value })
  const counted = (value: number) => ({ ...same(value), count: 1 })
  const times = {
    direct_ms: counted(0.5),
    relayed_ms: counted(ms),
    bare_pipe_ms: counted(1),
    floor_ms: counted(1),
    added_ms: same(ms - 0.5),
    bare_pipe_added_ms: same(0.5),
    floor_added_ms: same(0.5),
  }
  const ratio = 1 / cost
  return {
    first_event: {
      ...times,
      over_bare_pipe_ms: same(0.1),
      floor_over_bare_pipe_ms: same(0.05),
      target: { p50: 0.3 },
    },
    many_streams: {
      streams: 1,
      rate: 1,
      tokens_a_stream: 1,
      failures: 0,
      tokens_missing: 0,
      inter_token: { ...times, target: { p50: 2, p99: 15, p99_of_bare_pipe: 1.5 } },
      tokens_per_core_sec: {
        relayed: [1],
        bare_pipe: [cost],
        floor: [cost],
        ratio: { median: ratio, min: ratio, max: ratio, count: 1 },
        floor_ratio: { median: 0.9, min: 0.9, max: 0.9, count: 1 },
        us_a_token: {
          relayed: { user: cost, kernel: 0 },
          bare_pipe: { user: 1, kernel: 0 },
          floor: { user: 1, kernel: 0 },
        },
        target: { ratio: 0.8 },
      },
    },
  }
}

test('a run within its limits has no complaint', () => {
  expect(misses(gatewayFigures(reportOf({ ms: 1.4, cost: 1.2 })))).toEqual([])
})

test('an event that is late against the bare pipe, or costs too much, is one', () => {
  expect(misses(gatewayFigures(reportOf({ ms: 1.6, cost: 1.2 })))).toEqual([
    'inter-token p99, of a bare pipe: 1.6, the limit is 1.5',
  ])
  expect(misses(gatewayFigures(reportOf({ ms: 1.4, cost: 1.6 })))).toEqual([
    'tokens per core second, of a bare pipe: 0.63, the limit is 0.8',
  ])
})

test('the table has the floor of the same run next to what is compared with a bare pipe', () => {
  const rows = figureTable(gatewayFigures(reportOf({ ms: 1.4, cost: 1.2 }))).split('\n')
  const withFloor = rows.filter(row => row.includes('the floor:'))
  expect(withFloor.map(row => row.slice(0, 40).trim())).toEqual([
    'first event p50 over a bare pipe, ms',
    'added inter-token p50, ms',
    'added inter-token p99, ms',
    'tokens per core second, of a bare pipe',
  ])
})
