// The simulator's documents, as the rest of the program reads them: every field filled, every panel moves.
import { describe, expect, test } from 'vitest'
import { createPanelBuilder } from '../src/engine/panel-builder.js'
import { PANELS } from '../src/panels/registry.js'
import { DEFAULT_THRESHOLDS } from '../src/panels/thresholds.js'
import {
  createScenario,
  SCENARIOS,
  type ScenarioName,
  type ScenarioOptions,
} from '../src/simulator/scenario.js'
import type { Shape } from '../src/simulator/shapes.js'
import { derive } from '../src/snapshot/derive.js'
import type { Snapshot } from '../src/snapshot/snapshot.js'

/** A Saturday: values must move after hours too. */
const START_MS = Date.UTC(2026, 10, 21, 5)
const NAMES = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX']

function snapshots(
  steps: number,
  scenario: ScenarioName,
  shape: Shape,
  seed = 1,
  openMarket = false,
): readonly Snapshot[] {
  const options: ScenarioOptions = {
    seed,
    indices: NAMES,
    intervalSec: 60,
    shape,
    scenario,
    openMarket,
    withAnalytics: true,
  }
  const run = createScenario(options)
  return Array.from({ length: steps }, (_, n) => run.step(n, START_MS + n * 1000)).flatMap(step =>
    step.kind === 'document' ? [derive(step.document)] : [],
  )
}

/** Keys of the panels that changed, for each snapshot but the first. */
function changes(run: readonly Snapshot[]): readonly (readonly string[])[] {
  const builder = createPanelBuilder()
  const boards = run.map(snapshot => {
    const panels = builder.build({
      snapshot,
      thresholds: DEFAULT_THRESHOLDS,
      timezone: 'Asia/Kolkata',
      nowMs: START_MS,
      links: { source: 'status.json', metricsUrl: null, streamUrl: null, pageUrl: null },
    })
    return new Map(panels.map(({ key, tone, lines }) => [key, [tone, ...lines].join('\n')]))
  })
  return boards
    .slice(1)
    .map((board, i) => [...board.keys()].filter(key => board.get(key) !== boards[i]?.get(key)))
}

/** Values that neither writer of the platform gives, or that are null while all is well. */
const UNSAID = /^\.(indices\.\d+\.(legsAverage|fails)|provider\.status|wrongTypes\.first)$/

/** Paths of everything else that is null in a snapshot. */
function nulls(value: unknown, path = ''): readonly string[] {
  if (value === null) return UNSAID.test(path) ? [] : [path]
  if (typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'raw' || key === 'origins' ? [] : nulls(inner, `${path}.${key}`),
  )
}

test.each(SCENARIOS)('with both writers every field of every snapshot is filled (%s)', scenario => {
  for (const snapshot of snapshots(200, scenario, 'both')) {
    expect(nulls(snapshot)).toEqual([])
    expect(snapshot.coverage.indicesCount).toBe(4)
    expect(Object.keys(snapshot.analytics.maxPain)).toEqual(NAMES)
    expect(Object.keys(snapshot.perf).length).toBeGreaterThan(4)
    expect(Object.keys(snapshot.health)).toEqual(['collector', 'sinks', 'provider'])
    expect(snapshot.links.metrics).toMatch(/^http/)
  }
})

describe.each(['nested', 'flat'] as const)('the %s writer alone', shape => {
  test('gives what a person needs, in sensible numbers', () => {
    for (const { indices, cycle, market, alerts, resources } of snapshots(150, 'alerts', shape)) {
      expect(indices.map(({ name }) => name)).toEqual(NAMES)
      expect(market.state).toBe('closed')
      expect(cycle.number).toBeGreaterThan(0)
      expect(cycle.lastStartMs).toBeGreaterThanOrEqual(START_MS - 5000)
      expect(cycle.intervalSec).toBe(60)
      expect(resources.memoryMb).toBeGreaterThan(100)
      expect(resources.cpuPct).toBeLessThan(100)
      expect(alerts.total).toBe(alerts.items.length)
      for (const { status, ltp, dqPct, legs } of indices) {
        expect(['ok', 'warn', 'stale', 'error']).toContain(status)
        if (status === 'ok' || status === 'warn') {
          expect(ltp).toBeGreaterThan(20_000)
          expect(legs).toBeGreaterThan(0)
        } else expect(legs).toBe(0)
        expect(dqPct).toBeGreaterThan(50)
      }
    }
  })
})

test('the flat writer has no price for a stale index, the nested one keeps the last', () => {
  const stale = (shape: Shape) =>
    snapshots(150, 'alerts', shape).flatMap(({ indices }) =>
      indices.filter(({ status }) => status === 'stale').map(({ ltp }) => ltp === null),
    )
  expect(new Set(stale('flat'))).toEqual(new Set([true]))
  expect(new Set(stale('nested'))).toEqual(new Set([false]))
})

describe('panels', () => {
  // Two panels come from followed streams, not from a status.
  const keys = PANELS.map(({ key }) => key)
    .filter(key => key !== 'stream' && key !== 'followups')
    .sort()

  test.each(['busy', 'alerts', 'faults'] as const)('%s moves each of them in 40 steps', scenario => {
    for (const seed of [1, 2, 3]) {
      const moved = new Set(changes(snapshots(40, scenario, 'both', seed)).flat())
      expect([...moved].sort()).toEqual(keys)
    }
  })

  test('busy changes something in every step', () => {
    for (const changed of changes(snapshots(300, 'busy', 'both'))) expect(changed.length).toBeGreaterThan(0)
  })

  test('calm changes little, and nothing in many steps, but each of them in ten minutes', () => {
    const run = changes(snapshots(600, 'calm', 'both'))
    const quiet = run.filter(({ length }) => length === 0).length
    const perStep = run.flat().length / run.length
    expect(quiet).toBeGreaterThan(run.length * 0.4)
    expect(perStep).toBeLessThan(1)
    expect([...new Set(run.flat())].sort()).toEqual(keys)
  })
})

test('prices move less after hours than in an open market, and stay plausible', () => {
  const moves = (openMarket: boolean) => {
    const prices = snapshots(300, 'busy', 'both', 1, openMarket).map(({ indices }) => indices[0]?.ltp ?? 0)
    expect(Math.min(...prices)).toBeGreaterThan(23_500)
    expect(Math.max(...prices)).toBeLessThan(25_500)
    return prices.slice(1).reduce((sum, price, i) => sum + Math.abs(price - (prices[i] ?? 0)), 0)
  }
  const [open, closed] = [moves(true), moves(false)]
  expect(open).toBeGreaterThan(closed * 2)
  // More than the least that a price is sure to move.
  expect(closed).toBeGreaterThan(300 * 0.1)
})

describe('alerts', () => {
  const keyOf = (alert: object): string => JSON.stringify(alert)

  test.each(SCENARIOS)('come and go (%s)', scenario => {
    const open = snapshots(600, scenario, 'both').map(({ alerts }) => new Set(alerts.items.map(keyOf)))
    const pairs = open.slice(1).map((after, i) => [open[i] ?? new Set<string>(), after] as const)
    expect(pairs.some(([before, after]) => [...after].some(key => !before.has(key)))).toBe(true)
    expect(pairs.some(([before, after]) => [...before].some(key => !after.has(key)))).toBe(true)
  })

  test('alerts raises many, some critical, and never an unbounded number', () => {
    const run = snapshots(300, 'alerts', 'both').map(({ alerts }) => alerts)
    expect(run.some(({ bySeverity }) => (bySeverity.critical ?? 0) > 1)).toBe(true)
    expect(Math.max(...run.map(({ total }) => total ?? 0))).toBeGreaterThan(20)
    expect(Math.max(...run.map(({ items }) => items.length))).toBeLessThanOrEqual(40)
  })

  test('the counts given with events are the counts of the events', () => {
    for (const { alerts } of snapshots(100, 'alerts', 'both')) {
      const counted = { critical: 0, warn: 0, info: 0 }
      for (const { level } of alerts.items) counted[level] += 1
      expect(alerts.bySeverity).toEqual(counted)
    }
  })
})
