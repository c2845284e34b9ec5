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

test('nothing is complained of within the bounds', () => {
  expect(complaints({ frame: FRAME, process: PROCESS })).toEqual([])
})

test('what is over its bound is named with both', () => {
  const [why] = complaints({ frame: { ...FRAME, p95_ms: 2.5 }, process: PROCESS })
  expect(why).toBe('the p95 of a frame is 2.5 ms, it should be under 2')
})

test('what was not measured, for want of a pty, is a complaint too', () => {
  const found = complaints({ frame: FRAME, process: null })
  expect(found).toHaveLength(1)
  expect(found[0]).toContain('not measured: there is no pty')
})
