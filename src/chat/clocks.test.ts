import { describe, expect, test } from 'vitest'
import { generationDue } from './clocks.js'

const limits = { firstTokenTimeoutMs: 30, idleTimeoutMs: 60, maxDurationMs: 900 }
const times = { startedAtMs: 0, firstTokenAtMs: null, lastHeardAtMs: 0, isHeldBack: false }

describe('a generation', () => {
  test('is given so long for its first token, and then so long between tokens', () => {
    expect(generationDue(times, limits, 29)).toEqual({ due: null, lookAgainAtMs: 30 })
    expect(generationDue(times, limits, 30)).toEqual({ due: 'first_token_timeout' })
    const answering = { ...times, firstTokenAtMs: 20, lastHeardAtMs: 40 }
    expect(generationDue(answering, limits, 99)).toEqual({ due: null, lookAgainAtMs: 100 })
    expect(generationDue(answering, limits, 100)).toEqual({ due: 'idle_timeout' })
  })
  test('a healthy long answer is cut by its longest duration alone', () => {
    const healthy = { ...times, firstTokenAtMs: 1, lastHeardAtMs: 899 }
    expect(generationDue(healthy, limits, 899)).toEqual({ due: null, lookAgainAtMs: 900 })
    expect(generationDue(healthy, limits, 900)).toEqual({ due: 'expired' })
  })
  test('is not idle while it is held back', () => {
    const held = { ...times, firstTokenAtMs: 1, isHeldBack: true }
    expect(generationDue(held, limits, 800)).toEqual({ due: null, lookAgainAtMs: 900 })
  })
})
