import { describe, expect, test } from 'vitest'
import { type OverallFacts, overallOf } from './overall.js'

const WELL: OverallFacts = {
  connection: 'live',
  hasBoard: true,
  said: { word: 'healthy', reasons: [] },
  panels: [
    { key: 'a', tone: 'ok' },
    { key: 'b', tone: 'warn' },
    { key: 'c', tone: 'error' },
  ],
}

describe('the system is', () => {
  test('as in the verdict of the server, with its reasons, whatever the tones of the panels', () => {
    expect(overallOf(WELL)).toEqual({ verdict: 'healthy', reasons: [], panels: [] })
    const said = { word: 'unknown', reasons: ['nothing recognised'] }
    expect(overallOf({ ...WELL, said })).toEqual({
      verdict: 'unknown',
      reasons: ['nothing recognised'],
      panels: [],
    })
  })
  test('linked to the panels that cause the verdict', () => {
    const attention = { word: 'attention', reasons: ['cpu_pct: 75.0'] }
    expect(overallOf({ ...WELL, said: attention })).toMatchObject({
      reasons: ['cpu_pct: 75.0'],
      panels: ['b'],
    })
    expect(overallOf({ ...WELL, said: { word: 'failing', reasons: [] } })).toMatchObject({ panels: ['c'] })
  })
  test('unknown without a live connection, whatever was shown last', () => {
    for (const connection of ['connecting', 'reconnecting', 'stale', 'silent', 'signed-out'] as const) {
      expect(overallOf({ ...WELL, connection }).verdict).toBe('unknown')
    }
    expect(overallOf({ ...WELL, connection: 'silent' }).reasons).toEqual([
      'no sign of life; last known: healthy',
    ])
    expect(overallOf({ ...WELL, hasBoard: false })).toMatchObject({
      verdict: 'unknown',
      reasons: ['no board yet'],
    })
  })
  test('unknown where the server sends no verdict, or an unknown word', () => {
    expect(overallOf({ ...WELL, said: null }).verdict).toBe('unknown')
    expect(overallOf({ ...WELL, said: { word: 'splendid', reasons: [] } }).verdict).toBe('unknown')
  })
})
