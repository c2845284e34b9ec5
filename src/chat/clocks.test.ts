import { describe, expect, test } from 'vitest'
import { generationDue } from './clocks.js'

const limits = { firstTokenTimeoutMs: 30, idleTimeoutMs: 60, noWordTimeoutMs: 600, maxDurationMs: 900 }
const times = { startedAtMs: 0, lastWordAtMs: null, lastHeardAtMs: 0, heldBackUntilMs: 0, isHeldBack: false }

describe('a generation', () => {
  test('may be silent for so long before its first word, and for so long after it', () => {
    expect(generationDue(times, limits, 29)).toEqual({ due: null, lookAgainAtMs: 30 })
    expect(generationDue(times, limits, 30)).toEqual({ due: 'first_token_timeout' })
    const answering = { ...times, lastWordAtMs: 20, lastHeardAtMs: 40 }
    expect(generationDue(answering, limits, 99)).toEqual({ due: null, lookAgainAtMs: 100 })
    expect(generationDue(answering, limits, 100)).toEqual({ due: 'idle_timeout' })
  })
  test('that thinks is alive, before its first word and after it, until it has sent no word for much longer', () => {
    for (const lastWordAtMs of [null, 50]) {
      const wordlessAtMs = (lastWordAtMs ?? 0) + limits.noWordTimeoutMs
      const thinking = { ...times, lastWordAtMs, lastHeardAtMs: wordlessAtMs - 1 }
      expect(generationDue(thinking, limits, wordlessAtMs - 1)).toEqual({
        due: null,
        lookAgainAtMs: wordlessAtMs,
      })
      expect(generationDue(thinking, limits, wordlessAtMs)).toEqual({ due: 'no_word_timeout' })
    }
  })
  test('a healthy long answer is cut by its longest duration alone', () => {
    const healthy = { ...times, lastWordAtMs: 899, lastHeardAtMs: 899 }
    expect(generationDue(healthy, limits, 899)).toEqual({ due: null, lookAgainAtMs: 900 })
    expect(generationDue(healthy, limits, 900)).toEqual({ due: 'expired' })
  })
  test('is neither idle nor without a word while it is held back, and has its whole time afterwards', () => {
    const held = { ...times, lastWordAtMs: 1, isHeldBack: true }
    expect(generationDue(held, limits, 800)).toEqual({ due: null, lookAgainAtMs: 900 })
    const released = { ...held, isHeldBack: false, heldBackUntilMs: 800, lastHeardAtMs: 800 }
    expect(generationDue(released, limits, 850)).toEqual({ due: null, lookAgainAtMs: 860 })
  })
})
