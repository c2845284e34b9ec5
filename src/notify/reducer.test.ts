import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Moment } from '../clock/moment.js'
import { acknowledged, LEAST_GAP_MS, NEW_RULE, type RuleState, stepRule } from './reducer.js'

const RULE = { name: 'down', forMs: 2_000, repeatMs: 10_000 }
const at = (ms: number, setByMs = 0): Moment => ({ wallMs: 1_000_000 + ms + setByMs, monotonicMs: ms })

type Sample = { readonly ms: number; readonly holds: boolean | null; readonly muted: boolean }

/** Each message as `event@ms`. */
function run(samples: readonly Sample[], rule = RULE, setByMs = (_: number) => 0): readonly string[] {
  let state: RuleState = NEW_RULE
  const sent: string[] = []
  samples.forEach(({ ms, holds, muted }, i) => {
    const stepped = stepRule(state, rule, holds, muted, at(ms, setByMs(i)))
    state = stepped.state
    if (stepped.due !== null) sent.push(`${stepped.due.event}@${ms}`)
  })
  return sent
}

/** The same by looking through the whole past for each sample, with nothing remembered but what was sent. */
function model(samples: readonly Sample[], rule = RULE): readonly string[] {
  const sent: { readonly event: string; readonly ms: number }[] = []
  samples.forEach((sample, i) => {
    if (sample.holds === null) return
    const past = samples.slice(0, i + 1).filter(({ holds }) => holds !== null)
    // The first sample of the newest unbroken row of those that hold; none when this one does not.
    const lastOver = past.findLastIndex(({ holds }) => holds === false)
    const first = past[lastOver + 1]
    const begins = sent.filter(({ event }) => event === 'begin')
    const isOpen = begins.length > sent.filter(({ event }) => event === 'end').length
    const { ms } = sample
    if (!sample.holds) {
      if (isOpen) sent.push({ event: 'end', ms })
    } else if (!isOpen) {
      const lastBegin = begins.at(-1)?.ms ?? Number.NEGATIVE_INFINITY
      const isDue = first !== undefined && ms - first.ms >= rule.forMs && ms - lastBegin >= LEAST_GAP_MS
      if (isDue && !sample.muted) sent.push({ event: 'begin', ms })
    } else if (!sample.muted && ms - (sent.at(-1)?.ms ?? ms) >= rule.repeatMs) {
      sent.push({ event: 'repeat', ms })
    }
  })
  return sent.map(({ event, ms }) => `${event}@${ms}`)
}

const samples = fc
  .array(
    fc.record({
      afterMs: fc.integer({ min: 1, max: 6_000 }),
      holds: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constantFrom(false, null)),
      muted: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map(steps => {
    let ms = 0
    return steps.map(({ afterMs, holds, muted }): Sample => {
      ms += afterMs
      return { ms, holds, muted }
    })
  })

describe('a rule', () => {
  test('sends what a slow model sends, however the wall clock is set', () => {
    fc.assert(
      fc.property(
        samples,
        fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 60, maxLength: 60 }),
        fc.integer({ min: 0, max: 8_000 }),
        (given, jumps, forMs) => {
          const rule = { ...RULE, forMs }
          expect(run(given, rule, i => jumps[i] ?? 0)).toEqual(model(given, rule))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('begins after its time, repeats, and ends once', () => {
    const given = [0, 1, 2, 3, 12, 13, 22].map(s => ({ ms: s * 1000, holds: true, muted: false }))
    expect(run([...given, { ms: 23_000, holds: false, muted: false }])).toEqual([
      'begin@2000',
      'repeat@12000',
      'repeat@22000',
      'end@23000',
    ])
  })

  test('says when time alone brings a message', () => {
    const first = stepRule(NEW_RULE, RULE, true, false, at(0))
    expect(first.nextInMs).toBe(2_000)
    const begun = stepRule(first.state, RULE, true, false, at(2_000))
    expect(begun).toMatchObject({ nextInMs: 10_000, due: { event: 'begin', lastedMs: 2_000 } })
  })

  test('gives each message an id of its own, and keeps that of the incident', () => {
    const rule = { ...RULE, forMs: 0 }
    const a = stepRule(NEW_RULE, rule, true, false, at(0))
    const b = stepRule(a.state, rule, true, false, at(10_000))
    const c = stepRule(b.state, rule, false, false, at(11_000))
    const d = stepRule(c.state, rule, true, false, at(12_000))
    const ids = [a, b, c, d].map(({ due }) => due?.id)
    expect(new Set(ids).size).toBe(4)
    expect(a.due?.incident).toBe(c.due?.incident)
    expect(d.due?.incident).not.toBe(a.due?.incident)
  })

  test('acknowledged: is not repeated, and still ends', () => {
    const rule = { ...RULE, forMs: 0 }
    const begun = stepRule(NEW_RULE, rule, true, false, at(0)).state
    const state = acknowledged(begun)
    if (state === null) throw new Error('nothing was begun')
    expect(stepRule(state, rule, true, false, at(60_000))).toMatchObject({ due: null, nextInMs: null })
    expect(stepRule(state, rule, false, false, at(61_000)).due?.event).toBe('end')
    expect(acknowledged(NEW_RULE)).toBeNull()
  })

  test('keeps its state object where nothing changed', () => {
    const { state } = stepRule(NEW_RULE, RULE, true, false, at(0))
    expect(stepRule(state, RULE, true, false, at(500)).state).toBe(state)
    expect(stepRule(state, RULE, null, false, at(9_000)).state).toBe(state)
  })
})
