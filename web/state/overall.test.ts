import { describe, expect, test } from 'vitest'
import { type OverallFacts, overallOf } from './overall.js'

const WELL: OverallFacts = {
  connection: 'live',
  hasBoard: true,
  sourceState: 'fresh',
  panels: [
    { key: 'a', tone: 'ok' },
    { key: 'b', tone: 'info' },
    { key: 'c', tone: 'muted' },
  ],
}
const panels = (a: 'ok' | 'warn' | 'error', b: 'ok' | 'warn' | 'error') =>
  [
    { key: 'a', tone: a },
    { key: 'b', tone: b },
  ] as const

describe('the system is', () => {
  test('healthy when nothing is worse than worth a note', () => {
    expect(overallOf(WELL)).toEqual({ verdict: 'healthy', reasons: [], panels: [] })
    expect(overallOf({ ...WELL, sourceState: null }).verdict).toBe('healthy')
  })
  test('as its worst panel is, and those are named', () => {
    expect(overallOf({ ...WELL, panels: panels('ok', 'warn') })).toMatchObject({
      verdict: 'attention',
      panels: ['b'],
    })
    expect(overallOf({ ...WELL, panels: panels('error', 'warn') })).toMatchObject({
      verdict: 'failing',
      panels: ['a'],
    })
  })
  test('failing when its source cannot be read, worth a look when that is old', () => {
    expect(overallOf({ ...WELL, sourceState: 'too_large' })).toMatchObject({
      verdict: 'failing',
      reasons: ['source too large'],
    })
    expect(overallOf({ ...WELL, sourceState: 'stale' })).toMatchObject({
      verdict: 'attention',
      reasons: ['source stale'],
    })
    expect(overallOf({ ...WELL, sourceState: 'stale', panels: panels('error', 'ok') })).toEqual({
      verdict: 'failing',
      reasons: ['source stale'],
      panels: ['a'],
    })
  })
  test('unknown without a live connection, whatever was shown last', () => {
    for (const connection of ['connecting', 'reconnecting', 'stale', 'signed-out'] as const) {
      expect(overallOf({ ...WELL, connection }).verdict).toBe('unknown')
    }
    expect(overallOf({ ...WELL, hasBoard: false })).toMatchObject({
      verdict: 'unknown',
      reasons: ['no board yet'],
    })
  })
})
