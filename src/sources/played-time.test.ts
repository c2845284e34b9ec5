import { expect, test } from 'vitest'
import { ownTime } from '../../test/support/own-time.js'
import { PlayedTime } from './played-time.js'

test('goes on as fast as it is played, to the next line and no further', () => {
  const { clock, pass } = ownTime()
  const time = new PlayedTime(clock, 10)
  expect(time.now()).toBeNull()
  time.line(1_000, 0)
  pass(100)
  expect(time.now()?.wallMs).toBe(1_000)
  time.waits(5_000)
  pass(100)
  expect(time.now()).toEqual({ wallMs: 3_000, monotonicMs: 2_000 })
  pass(10_000)
  expect(time.now()?.wallMs).toBe(6_000)
  time.line(6_000, 5_000)
  pass(10_000)
  expect(time.now()).toEqual({ wallMs: 6_000, monotonicMs: 5_000 })
})

test('begins again with a new round, and its steady clock does not go back', () => {
  const { clock } = ownTime()
  const time = new PlayedTime(clock, 1)
  time.line(1_000, 0)
  time.line(9_000, 8_000)
  expect(time.line(1_000, 0)).toEqual({ wallMs: 1_000, monotonicMs: 8_001 })
})
