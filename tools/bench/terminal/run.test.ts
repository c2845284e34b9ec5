import { expect, test } from 'vitest'
import { complaints } from './run.js'

const FRAME = {
  size: '200x60',
  frames: 1,
  median_ms: 0.1,
  p95_ms: 0.5,
  max_ms: 1,
  median_bytes: 800,
  p95_bytes: 900,
  max_bytes: 1_000,
  idle_bytes: 0,
  idle_median_ms: 0,
  full_repaint_median_ms: 1,
  full_repaint_bytes: 9_000,
}
const PROCESS = {
  start_to_first_frame_ms: { median: 200, max: 300, runs: 3 },
  resident_mb: { dashboard: 90, plain: 80, over: 10 },
}

test('has no complaint within the limits', () => {
  expect(complaints({ frame: FRAME, process: PROCESS })).toEqual([])
})

test('names a figure over its limit with both numbers', () => {
  const [why] = complaints({ frame: { ...FRAME, p95_ms: 2.5 }, process: PROCESS })
  expect(why).toBe('p95 of a frame: 2.5 ms, the limit is 2 ms')
})

test('complains of what was not measured because there is no pty', () => {
  const found = complaints({ frame: FRAME, process: null })
  expect(found).toHaveLength(1)
  expect(found[0]).toContain('not measured: no pty')
})
