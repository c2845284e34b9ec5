import { expect, test } from 'vitest'
import { fakeTimers } from '../../../../test/terminal/support/timers.js'
import { FRAME_GAP_MS, Pacer } from './pacer.js'

test('the first request is drawn at once, later ones at the frame rate', () => {
  const timers = fakeTimers()
  const drawn: number[] = []
  const pacer = new Pacer(() => drawn.push(timers.nowMs()), timers.nowMs, timers)
  pacer.request()
  timers.advance(0)
  for (let i = 0; i < 50; i++) {
    pacer.request()
    timers.advance(10)
  }
  timers.advance(1_000)
  expect(drawn).toEqual([0, 100, 200, 300, 400, 500])
  timers.advance(1_000)
  pacer.request()
  timers.advance(0)
  expect(drawn.at(-1)).toBe(2_500)
  expect(FRAME_GAP_MS).toBe(100)
})

test('a stopped pacer draws no more', () => {
  const timers = fakeTimers()
  let drawn = 0
  const pacer = new Pacer(() => drawn++, timers.nowMs, timers)
  pacer.request()
  pacer.stop()
  timers.advance(1_000)
  expect(drawn).toBe(0)
  expect(timers.pending()).toBe(0)
})
