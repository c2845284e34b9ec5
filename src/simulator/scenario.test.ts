import { describe, expect, test } from 'vitest'
import { createScenario, SCENARIOS, type ScenarioOptions, type ScenarioStep } from './scenario.js'
import { SHAPES } from './shapes.js'

/** A Friday, 10:30 in India. */
const START_MS = Date.UTC(2026, 10, 20, 5)

const OPTIONS: ScenarioOptions = {
  seed: 7,
  indices: ['NIFTY', 'SENSEX'],
  intervalSec: 60,
  shape: 'both',
  scenario: 'busy',
  openMarket: false,
  withAnalytics: true,
}

function run(steps: number, options: Partial<ScenarioOptions> = {}): readonly ScenarioStep[] {
  const scenario = createScenario({ ...OPTIONS, ...options })
  return Array.from({ length: steps }, (_, n) => scenario.step(n, START_MS + n * 1000))
}

function documents(steps: number, options: Partial<ScenarioOptions> = {}) {
  return run(steps, options).flatMap(step => (step.kind === 'document' ? [step.document] : []))
}

describe.each(SCENARIOS)('the scenario %s', scenario => {
  test.each(SHAPES)('gives the same run for the same seed (%s)', shape => {
    expect(run(100, { scenario, shape })).toEqual(run(100, { scenario, shape }))
  })

  test('gives another run for another seed', () => {
    expect(run(20, { scenario, seed: 8 })).not.toEqual(run(20, { scenario }))
  })

  test('begins with a document', () => {
    expect(run(1, { scenario })[0]?.kind).toBe('document')
  })
})

test('every document is JSON and nothing else', () => {
  for (const shape of SHAPES) {
    for (const document of documents(60, { shape, scenario: 'alerts' })) {
      expect(JSON.parse(JSON.stringify(document))).toEqual(document)
    }
  }
})

test('returned documents do not change afterwards', () => {
  const scenario = createScenario(OPTIONS)
  const step = scenario.step(0, START_MS)
  const before = structuredClone(step)
  for (let n = 1; n < 50; n += 1) scenario.step(n, START_MS + n * 1000)
  expect(step).toEqual(before)
})

test('each shape has the members of its writer', () => {
  const [nested] = documents(1, { shape: 'nested' })
  const [flat] = documents(1, { shape: 'flat' })
  const [both] = documents(1, { shape: 'both' })
  expect(nested).toMatchObject({ indices: { NIFTY: {} }, loop: {}, app: {}, alerts: [] })
  expect(flat).toMatchObject({ indices: ['NIFTY', 'SENSEX'], cycle: expect.any(Number), alerts: [] })
  expect(both).toMatchObject({ indices: { NIFTY: {} }, cycle: {}, alerts: { total: 0 }, events: [] })
})

test('analytics are there only with withAnalytics', () => {
  for (const shape of SHAPES) {
    expect(documents(1, { shape })[0]).toHaveProperty('analytics.max_pain.SENSEX')
    expect(documents(1, { shape, withAnalytics: false })[0]).not.toHaveProperty('analytics')
  }
})

test('the market follows its hours unless openMarket is set', () => {
  const state = (nowMs: number, openMarket: boolean) => {
    const step = createScenario({ ...OPTIONS, openMarket }).step(0, nowMs)
    return step.kind === 'document' ? step.document.market : null
  }
  const saturdayMs = START_MS + 86_400_000
  expect(state(START_MS, false)).toMatchObject({ status: 'OPEN', next_open: '2026-11-23T03:45:00Z' })
  expect(state(saturdayMs, false)).toMatchObject({ status: 'CLOSED', next_open: '2026-11-23T03:45:00Z' })
  expect(state(saturdayMs, true)).toMatchObject({ status: 'OPEN' })
})

function cycleOf(document: object | undefined): number {
  return document !== undefined && 'cycle' in document ? Number(document.cycle) : Number.NaN
}

test('busy has a cycle in every step, calm one per interval', () => {
  const cycles = (scenario: 'calm' | 'busy') =>
    documents(181, { scenario, shape: 'flat', intervalSec: 60 }).map(cycleOf)
  const busy = cycles('busy')
  const calm = cycles('calm')
  expect((busy.at(-1) ?? 0) - (busy[0] ?? 0)).toBe(180)
  expect((calm.at(-1) ?? 0) - (calm[0] ?? 0)).toBe(3)
})

test('calm catches up with all cycles of a long silence', () => {
  const scenario = createScenario({ ...OPTIONS, scenario: 'calm', shape: 'flat' })
  const at = (n: number, afterSec: number) => {
    const step = scenario.step(n, START_MS + afterSec * 1000)
    return step.kind === 'document' ? cycleOf(step.document) : Number.NaN
  }
  const first = at(0, 0)
  expect(at(1, 600) - first).toBe(10)
})

describe('faults', () => {
  const steps = run(128, { scenario: 'faults', shape: 'flat' })

  test('all occur within 32 steps, and again in the next 32', () => {
    for (const from of [0, 32, 64]) {
      const kinds = new Set(steps.slice(from, from + 32).map(({ kind }) => kind))
      expect([...kinds].sort()).toEqual(['delete', 'document', 'half_written', 'pause', 'restart'])
    }
  })

  test('half-written text is the beginning of a document, and no JSON', () => {
    const texts = steps.flatMap(step => (step.kind === 'half_written' ? [step.text] : []))
    expect(texts).toHaveLength(4)
    for (const text of texts) {
      expect(text.startsWith('{\n  "timestamp": "2026-')).toBe(true)
      expect(() => JSON.parse(text)).toThrow(SyntaxError)
    }
  })

  test('after a restart cycles count from 1, below those before', () => {
    const restarts = steps.flatMap(({ kind }, n) => (kind === 'restart' ? [n] : []))
    expect(restarts.length).toBeGreaterThan(2)
    for (const n of restarts) {
      const [before, after] = [steps[n - 1], steps[n + 1]]
      if (before?.kind !== 'document' || after?.kind !== 'document')
        throw new Error(`no document next to step ${n}`)
      expect(cycleOf(after.document)).toBe(1)
      expect(cycleOf(before.document)).toBeGreaterThan(1)
    }
  })

  test('other scenarios have none', () => {
    for (const scenario of ['calm', 'busy', 'alerts'] as const) {
      expect(new Set(run(64, { scenario }).map(({ kind }) => kind))).toEqual(new Set(['document']))
    }
  })
})

test('a scenario without indices is an error', () => {
  expect(() => createScenario({ ...OPTIONS, indices: [] })).toThrow('at least one index')
})
