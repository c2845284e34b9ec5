import { expect, test } from 'vitest'
import type { RejectReason } from '../contract/refusal.js'
import type { Log } from '../log/log.js'
import { RefusalLog } from './refusal-log.js'

test('each guard has a burst and then two lines a second, and says how many it left out', () => {
  const lines: Record<string, unknown>[] = []
  let nowMs = 0
  const log = { warn: (facts: Record<string, unknown>) => lines.push(facts) } as unknown as Log
  const refusals = new RefusalLog(log, { nowMs: () => nowMs, monotonicMs: () => nowMs })
  const refuse = (guard: RejectReason) =>
    refusals.write({ guard, code: 'c', address: '1.2.3.4', requestId: 'r', route: '/x' })
  for (let i = 0; i < 1_000; i++) refuse('auth')
  expect(lines.length).toBe(20)
  expect(lines[0]).not.toHaveProperty('suppressed')
  refuse('ip')
  expect(lines.length).toBe(21)
  nowMs = 1_000
  for (let i = 0; i < 10; i++) refuse('auth')
  expect(lines.length).toBe(23)
  expect(lines[21]).toMatchObject({ guard: 'auth', suppressed: 980 })
  expect(lines[22]).not.toHaveProperty('suppressed')
  nowMs = 60_000
  for (let i = 0; i < 21; i++) refuse('auth')
  nowMs = 61_000
  refuse('auth')
  expect(lines.at(-1)).toMatchObject({ suppressed: 1 })
})
