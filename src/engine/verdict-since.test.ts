import { describe, expect, test } from 'vitest'
import { VerdictSince } from './verdict-since.js'

const at = (wallMs: number, monotonicMs = wallMs) => ({ wallMs, monotonicMs })
const well = { word: 'healthy', reasons: [] } as const
const bad = (...reasons: string[]) => ({ word: 'failing', reasons }) as const

describe('since when the verdict has its word', () => {
  test('is when it was first seen, whatever its reasons, and begins again with the word', () => {
    const since = new VerdictSince()
    expect(since.of(well, at(1_000))).toEqual({ ...well, since: 1_000 })
    expect(since.of(bad('a'), at(2_000.7))).toEqual({ ...bad('a'), since: 2_001 })
    expect(since.of(bad('b'), at(3_000)).since).toBe(2_001)
    expect(since.of(well, at(4_000)).since).toBe(4_000)
    expect(since.of(bad('b'), at(5_000)).since).toBe(5_000)
  })

  test('moves once with a wall clock that is set, and not with one that drifts', () => {
    const since = new VerdictSince()
    since.of(bad(), at(10_000, 0))
    expect(since.of(bad(), at(11_001.5, 1_000)).since).toBe(10_000)
    const hourMs = 3_600_000
    expect(since.of(bad(), at(12_000.4 + hourMs, 2_000)).since).toBe(10_000 + hourMs)
    expect(since.of(bad(), at(13_003.9 + hourMs, 3_000)).since).toBe(10_000 + hourMs)
  })

  test('is the followed server’s where that says it, and ours for what only we know', () => {
    const since = new VerdictSince()
    const known = { ...well, since: 500 }
    expect(since.of(known, at(9_000))).toBe(known)
    expect(since.of(bad('source timeout'), at(10_000)).since).toBe(10_000)
    expect(since.of(known, at(11_000))).toBe(known)
    expect(since.of(bad('source timeout'), at(12_000)).since).toBe(12_000)
  })
})
