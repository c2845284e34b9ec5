import { describe, expect, test } from 'vitest'
import { emptyBoard, nextBoard } from '../board/board.js'
import type { NotifyWhen } from '../config/notify-tables.js'
import type { SourceState } from '../engine/cycle.js'
import type { Panel } from '../panels/panel.js'
import { compileCondition, FIRST_BOARD_MS, type NotifyFacts } from './condition.js'

const SOURCE: SourceState = { state: 'fresh', ageSec: 2, changedAtMs: 100_000, error: null, tooOld: false }
const panel = (key: string, tone: Panel['tone'], facts = {}): Panel => ({
  ...{ key, title: key.toUpperCase(), tone, facts },
  blocks: [],
  lines: [tone],
})
const board = nextBoard(
  emptyBoard('e'),
  [panel('provider', 'error'), panel('indices', 'ok', { NIFTY: { ltp: 19_000 } }), panel('alerts', 'warn')],
  1,
  0,
)
const FACTS: NotifyFacts = {
  board,
  verdict: { word: 'failing', reasons: ['Provider: down', 'x'], places: [{ panel: 'provider' }, null] },
  source: SOURCE,
  runningMs: 60_000,
}

function check(when: NotifyWhen | string, facts: Partial<NotifyFacts> = {}) {
  const compiled = compileCondition(typeof when === 'string' ? { kind: 'expression', text: when } : when)
  if (!compiled.ok) throw new Error(compiled.message)
  return compiled.condition.check({ ...FACTS, ...facts })
}

describe('a condition', () => {
  test.each([
    ["verdict != 'healthy'", true],
    ["verdict == 'healthy'", false],
    ["panels.provider.tone == 'error'", true],
    ['facts.indices.NIFTY.ltp < `20000`', true],
    ['source.age_sec > `10`', false],
    ['facts.nothing.here', false],
  ])('is an expression: %s', (text, holds) => {
    expect(check(text)).toMatchObject({ holds, fault: null })
  })

  test('that cannot be evaluated is not known, and says why', () => {
    expect(check('abs(verdict)')).toMatchObject({ holds: null, fault: expect.stringContaining('number') })
    const wrong = compileCondition({ kind: 'expression', text: 'verdict = ' })
    expect(wrong.ok).toBe(false)
  })

  test('is the tone of a panel or a worse one, with the reasons that are its own', () => {
    expect(check({ kind: 'panel', panel: 'provider', tone: 'warn' })).toMatchObject({
      holds: true,
      reasons: ['Provider: down'],
    })
    expect(check({ kind: 'panel', panel: 'alerts', tone: 'error' }).holds).toBe(false)
    expect(check({ kind: 'panel', panel: 'other', tone: 'warn' }).holds).toBe(false)
  })

  test.each([
    ['info', true],
    ['warn', true],
    ['critical', false],
  ] as const)('is the level of an alert or a worse one: %s', (level, holds) => {
    expect(check({ kind: 'alert', level }).holds).toBe(holds)
  })

  test('is the silence of the source, and says when it will be', () => {
    const when: NotifyWhen = { kind: 'silence', afterMs: 60_000, source: null }
    expect(check(when)).toMatchObject({ holds: false, changesInMs: 58_000 })
    expect(check(when, { source: { ...SOURCE, ageSec: 60 } })).toMatchObject({
      holds: true,
      changesInMs: null,
    })
    const never = { ...SOURCE, state: 'missing', ageSec: null, changedAtMs: null } as const
    expect(check(when, { source: never, runningMs: 59_000 }).holds).toBe(false)
    expect(check(when, { source: never, runningMs: 60_000 }).holds).toBe(true)
  })

  test('is the silence of one of several sources', () => {
    const when: NotifyWhen = { kind: 'silence', afterMs: 60_000, source: 'es' }
    const parts = [{ name: 'es', state: 'stale', changedAtMs: 40_000, error: null, tooOld: false } as const]
    expect(check(when, { source: { ...SOURCE, parts } }).holds).toBe(true)
    expect(check(when, { source: { ...SOURCE, ageSec: 90 } }).holds).toBe(false)
  })

  test('on the board waits for the first one, and not for ever', () => {
    const first = { board: emptyBoard('e'), verdict: { word: 'unknown', reasons: ['no board yet'] } as const }
    expect(check("verdict != 'healthy'", { ...first, runningMs: 0 })).toMatchObject({
      holds: null,
      changesInMs: FIRST_BOARD_MS,
    })
    expect(check("verdict != 'healthy'", { ...first, runningMs: FIRST_BOARD_MS }).holds).toBe(true)
  })
})
