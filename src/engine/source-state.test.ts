import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GoodReading, SourcePart } from '../snapshot/reading.js'
import { type SourceFacts, sourceState, writtenAt } from './source-state.js'
import { sourceRemarks, sourceText } from './source-words.js'

const HOUR = 3_600_000
const CLOSE = Date.parse('2026-11-27T10:00:00Z')
const OPEN = Date.parse('2026-11-30T03:45:00Z')
const closed = { state: 'closed', nextOpenMs: OPEN, keepsTradingHours: false } as const

function reading(atMs: number, modifiedAtMs = atMs): GoodReading {
  return { ok: true, status: {}, readAtMs: atMs, modifiedAtMs, sizeBytes: 2 }
}

/** The document was written at the close; the clocks are at `nowMs`. */
function facts(nowMs: number, more: Partial<SourceFacts> = {}): SourceFacts {
  return {
    reading: reading(CLOSE),
    written: { wallMs: CLOSE, monotonicMs: CLOSE },
    market: closed,
    unchanged: null,
    limits: { warnSec: 60, errorSec: 180 },
    now: { wallMs: nowMs, monotonicMs: nowMs },
    ...more,
  }
}

const wordAt = (nowMs: number, more: Partial<SourceFacts> = {}): string =>
  sourceState(facts(nowMs, more)).state

describe('the age of a source', () => {
  const now = { wallMs: CLOSE + HOUR, monotonicMs: 5_000 }

  test('counts from the document’s own time, not from when it was read', () => {
    const written = writtenAt(reading(CLOSE + HOUR), CLOSE, now)
    expect(sourceState(facts(0, { written, market: null, now }))).toMatchObject({
      state: 'stale',
      ageSec: 3_600,
      changedAtMs: CLOSE,
      tooOld: true,
    })
  })

  test('counts from the last change of the file where the document has no time, or one in the future', () => {
    for (const documentMs of [null, CLOSE + 2 * HOUR]) {
      expect(writtenAt(reading(CLOSE + HOUR, CLOSE), documentMs, now)).toEqual({
        wallMs: CLOSE,
        monotonicMs: 5_000 - HOUR,
      })
    }
  })

  test('is 0 for a clock of the writer that is a little ahead', () => {
    const written = writtenAt(reading(CLOSE, CLOSE - HOUR), CLOSE + 4_000, { wallMs: CLOSE, monotonicMs: 9 })
    expect(written).toEqual({ wallMs: CLOSE, monotonicMs: 9 })
  })

  test('is never below zero, also with wrong clocks of others', () => {
    const times = fc.integer({ min: 0, max: 4e12 })
    fc.assert(
      fc.property(times, times, fc.option(times), (readAtMs, modifiedAtMs, documentMs) => {
        const at = { wallMs: readAtMs, monotonicMs: 0 }
        const written = writtenAt(reading(readAtMs, modifiedAtMs), documentMs, at)
        expect(written.monotonicMs).toBeLessThanOrEqual(0)
      }),
    )
  })

  test('grows by the steady clock when the wall clock is set', () => {
    const written = writtenAt(reading(CLOSE), CLOSE, { wallMs: CLOSE, monotonicMs: 0 })
    const set = { wallMs: CLOSE + 24 * HOUR, monotonicMs: 10_000 }
    expect(sourceState(facts(0, { written, market: null, now: set }))).toMatchObject({
      state: 'fresh',
      ageSec: 10,
    })
  })
})

describe('in a closed market', () => {
  test('nobody has to write: the source is closed, and not too old', () => {
    expect(sourceState(facts(CLOSE + 16 * HOUR))).toMatchObject({
      state: 'closed',
      tooOld: false,
      ageSec: 57_600,
    })
    expect(wordAt(CLOSE + 30_000)).toBe('fresh')
  })

  test('a collector that did not come back for the opening is stale, and soon too old', () => {
    expect(wordAt(OPEN + 30_000)).toBe('closed')
    expect(sourceState(facts(OPEN + 61_000))).toMatchObject({ state: 'stale', tooOld: false })
    expect(sourceState(facts(OPEN + 181_000))).toMatchObject({ state: 'stale', tooOld: true })
  })

  test('without a usable next opening, silence is normal until the exchange opens by its hours', () => {
    for (const nextOpenMs of [null, CLOSE - HOUR]) {
      const market = { state: 'closed', nextOpenMs, keepsTradingHours: false } as const
      expect(wordAt(CLOSE + 40 * HOUR, { market })).toBe('closed')
      expect(wordAt(OPEN + 61_000, { market })).toBe('stale')
    }
  })

  test('a writer that never names the market is overdue in trading hours only', () => {
    const market = { state: null, nextOpenMs: null, keepsTradingHours: true } as const
    const writtenAt = (wallMs: number) => ({ market, written: { wallMs, monotonicMs: wallMs } })
    expect(wordAt(CLOSE + 16 * HOUR, writtenAt(CLOSE - 30_000))).toBe('closed')
    expect(wordAt(OPEN + 20_000, writtenAt(CLOSE - 30_000))).toBe('closed')
    expect(wordAt(OPEN + 40_000, writtenAt(CLOSE - 30_000))).toBe('stale')
    // It died before the close.
    expect(sourceState(facts(CLOSE + HOUR, writtenAt(CLOSE - HOUR)))).toMatchObject({
      state: 'stale',
      tooOld: true,
    })
    expect(wordAt(CLOSE + 400 * 24 * HOUR, writtenAt(CLOSE))).toBe('stale')
  })

  test('with G6_STALENESS=always silence is stale as at any other time', () => {
    const limits = { warnSec: 60, errorSec: 180, staleness: 'always' } as const
    expect(sourceState(facts(CLOSE + HOUR, { limits }))).toMatchObject({ state: 'stale', tooOld: true })
  })

  test('a source that cannot be read is not closed but failing', () => {
    const bad = { ok: false, error: 'not_json', message: 'cut', readAtMs: CLOSE } as const
    expect(wordAt(CLOSE + HOUR, { reading: bad })).toBe('not_json')
  })
})

test('in an open market, or one of unknown state, an old source is stale', () => {
  for (const market of [
    null,
    { state: 'open', nextOpenMs: OPEN, keepsTradingHours: false },
    { state: null, nextOpenMs: OPEN, keepsTradingHours: false },
  ] as const) {
    expect(wordAt(CLOSE + 61_000, { market })).toBe('stale')
  }
})

describe('a document of several named sources', () => {
  const NOON = Date.parse('2026-11-30T12:00:00Z')
  const part = (name: string, agoSec: number, more: Partial<SourcePart> = {}): SourcePart => ({
    name,
    fault: null,
    writtenAtMs: NOON - agoSec * 1000,
    ...more,
  })
  const remarksOf = (parts: readonly SourcePart[], laterSec = 0) => {
    const state = sourceState(
      facts(0, {
        reading: { ...reading(NOON), parts },
        written: { wallMs: NOON, monotonicMs: 0 },
        market: null,
        limitsAt: everySec => ({ warnSec: 1.5 * everySec, errorSec: 3 * everySec }),
        now: { wallMs: NOON + laterSec * 1000, monotonicMs: laterSec * 1000 },
      }),
    )
    return sourceRemarks(state, 'UTC')
  }

  test('is as bad as its worst source, by name; the others stay well', () => {
    const fault = { error: 'timeout', message: 'no answer' } as const
    expect(
      remarksOf([
        part('rabbit', 1),
        part('es', 120, { fault }),
        part('new', 0, { fault, writtenAtMs: null }),
      ]),
    ).toEqual([
      { tone: 'error', text: 'es: timeout, last 11:58' },
      { tone: 'error', text: 'new: timeout' },
    ])
    expect(remarksOf([part('rabbit', 1)])).toEqual([])
  })

  test('has an age for each of them: a collector that died is not fresh because another one writes', () => {
    expect(remarksOf([part('a', 0), part('b', 61)])).toEqual([{ tone: 'warn', text: 'b: stale, last 11:58' }])
    expect(remarksOf([part('a', 0), part('b', 9 * 86_400)])).toEqual([
      { tone: 'error', text: 'b: stale, last 12:00 on 21 Nov' },
    ])
    // By the steady clock, between two readings.
    expect(remarksOf([part('a', 0), part('b', 30)], 31).map(({ text }) => text)).toEqual([
      'b: stale, last 11:59',
    ])
  })

  test('says once that it is old, by the names of those that are', () => {
    expect(remarksOf([part('a', 0)], 70)).toEqual([{ tone: 'warn', text: 'a: stale, last 12:00' }])
  })

  test('does not call a source old before its next answer is due', () => {
    expect(remarksOf([part('slow', 400, { everyMs: 300_000 })])).toEqual([])
    expect(remarksOf([part('slow', 460, { everyMs: 300_000 })])).toHaveLength(1)
  })
})

test('the time of a state has its day when that is not today', () => {
  const state = (agoSec: number) => ({
    state: 'stale' as const,
    ageSec: agoSec,
    changedAtMs: CLOSE,
    error: null,
    tooOld: true,
  })
  expect(sourceText(state(60), 'UTC')).toBe('stale, last 10:00')
  expect(sourceText(state(9 * 86_400), 'UTC')).toBe('stale, last 10:00 on 27 Nov')
  expect(sourceText(state(60 * 86_400), 'UTC')).toBe('stale, last 10:00 on 27 Nov 2026')
  // After midnight in India.
  expect(sourceText(state(9 * 3_600), 'Asia/Kolkata')).toBe('stale, last 15:30 on 27 Nov')
})
