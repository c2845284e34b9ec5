import { describe, expect, test } from 'vitest'
import { type OverallFacts, overallOf } from './overall.js'

const WELL: OverallFacts = {
  connection: 'live',
  hasBoard: true,
  sent: { word: 'healthy', reasons: [] },
  panels: [
    { key: 'a', tone: 'ok' },
    { key: 'b', tone: 'warn' },
    { key: 'c', tone: 'error' },
  ],
}
const of = (changes: Partial<OverallFacts>) => overallOf({ ...WELL, ...changes })

describe('the system is', () => {
  test('as in the verdict of the server, whatever the tones of the panels', () => {
    expect(of({})).toEqual({
      verdict: 'healthy',
      cause: { text: 'Nothing needs a look', place: null },
      also: [],
      more: 0,
      sinceMs: null,
    })
    const sent = { word: 'unknown', reasons: ['nothing here says how it is'], since: 5 }
    expect(of({ sent })).toMatchObject({
      verdict: 'unknown',
      cause: { text: 'nothing here says how it is' },
      sinceMs: 5,
    })
  })
  test('so for a cause and at most two others; the rest is counted', () => {
    const reasons = ['a', 'b', 'c', 'd', 'e']
    expect(of({ sent: { word: 'failing', reasons } })).toMatchObject({
      cause: { text: 'a' },
      also: [{ text: 'b' }, { text: 'c' }],
      more: 2,
    })
    expect(of({ sent: { word: 'failing', reasons: [...reasons.slice(0, 4), '7 more'] } }).more).toBe(8)
    const closed = of({ sent: { word: 'healthy', reasons: ['closed, last 15:30'] } })
    expect(closed.also).toEqual([{ text: 'closed, last 15:30', place: null }])
  })
  test('linked to the places that the verdict names', () => {
    const places = [{ panel: 'c', row: 'NIFTY' }, null, { panel: 'b', label: 'cpu_pct' }]
    const { cause, also } = of({ sent: { word: 'failing', reasons: ['x', 'y', 'z'], places } })
    expect(cause.place).toEqual(places[0])
    expect(also.map(({ place }) => place)).toEqual(places.slice(1))
    for (const odd of [[3], [{ row: 'a' }], ['x'], [[]]])
      expect(of({ sent: { word: 'failing', reasons: ['x'], places: odd } }).cause.place).toBe(null)
  })
  test('linked to the first panel of its tone where a server names no places', () => {
    const attention = { word: 'attention', reasons: ['cpu_pct: 75.0', 'x'] }
    expect(of({ sent: attention }).cause).toEqual({ text: 'cpu_pct: 75.0', place: { panel: 'b' } })
    expect(of({ sent: attention }).also).toEqual([{ text: 'x', place: null }])
    expect(of({ sent: { word: 'failing', reasons: [] } }).cause).toEqual({ text: 'failing', place: null })
  })
  test('unknown without a live connection, whatever was shown last', () => {
    for (const connection of ['connecting', 'reconnecting', 'stale', 'silent', 'signed-out'] as const) {
      expect(of({ connection }).verdict).toBe('unknown')
    }
    expect(of({ connection: 'silent' }).cause.text).toBe('no sign of life; last known: healthy')
    expect(of({ hasBoard: false })).toMatchObject({ verdict: 'unknown', cause: { text: 'no board yet' } })
  })
  test('unknown where the server sends no verdict, or an unknown word', () => {
    expect(of({ sent: null }).verdict).toBe('unknown')
    expect(of({ sent: { word: 'splendid', reasons: [] } }).verdict).toBe('unknown')
  })
})
