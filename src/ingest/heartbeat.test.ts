import { expect, test } from 'vitest'
import { heartbeat, heartbeatLimits } from './heartbeat.js'
import { EMPTY_STATE } from './store.js'

const LIMITS = { warnAfterSec: 10, staleAfterSec: 30 }
const NOW_MS = 1_000_000
const health = (ageSec: number) =>
  heartbeat({ ...EMPTY_STATE, lastEventMs: NOW_MS - ageSec * 1000 }, NOW_MS, LIMITS).health

test('a stream is ok to the warning age, warn to the stale one, and stale after it', () => {
  expect([0, 10, 10.001, 30, 30.001].map(health)).toEqual(['ok', 'ok', 'warn', 'warn', 'stale'])
  expect(heartbeat(EMPTY_STATE, NOW_MS, LIMITS)).toMatchObject({ health: 'init', stale_seconds: null })
  expect(heartbeat({ ...EMPTY_STATE, lastEventMs: NOW_MS + 5 }, NOW_MS, LIMITS).stale_seconds).toBe(0)
})

test('its ages are twice and three times the interval, 10 and 30 s at least, or what is set', () => {
  expect(heartbeatLimits(60)).toEqual({ warnAfterSec: 120, staleAfterSec: 180 })
  expect(heartbeatLimits(5)).toEqual(LIMITS)
  expect(heartbeatLimits(null)).toEqual(LIMITS)
  expect(heartbeatLimits(60, { streamWarnSec: 3, streamStaleSec: null })).toEqual({
    warnAfterSec: 3,
    staleAfterSec: 180,
  })
})
