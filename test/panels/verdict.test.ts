import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createPanelBuilder } from '../../src/engine/panel-builder.js'
import { DEFAULT_THRESHOLDS } from '../../src/panels/thresholds.js'
import { type Remark, verdictOf, verdictWith } from '../../src/panels/verdict.js'
import { derive } from '../../src/snapshot/derive.js'
import type { Status } from '../../src/snapshot/reading.js'

/** After every time in the documents: a Monday, 10:30 in India. */
const NOW_MS = Date.parse('2026-11-30T05:00:00Z')

const CASES = new URL('../fixtures/cases/', import.meta.url)
const read = (name: string): Status => JSON.parse(readFileSync(new URL(name, CASES), 'utf8')) as Status
const LINKS = { source: 'status.json', metricsUrl: '/metrics', streamUrl: null, pageUrl: '/' }

function panelsOf(status: Status) {
  const snapshot = derive(status)
  const context = { snapshot, thresholds: DEFAULT_THRESHOLDS, timezone: 'UTC', links: LINKS, nowMs: NOW_MS }
  return { snapshot, panels: createPanelBuilder().build(context) }
}

function verdict(status: Status, ...remarks: Remark[]) {
  return verdictOf({ ...panelsOf(status), remarks })
}

const WELL: Status = { market_open: true, indices: { NIFTY: { ltp: 24_500.5, status: 'ok', dq_score: 99 } } }

describe('a system is healthy', () => {
  test('when one value is good and none is bad', () => {
    expect(verdict(WELL)).toEqual({ word: 'healthy', reasons: [] })
    expect(verdict({ health: { collector: 'running' } }).word).toBe('healthy')
  })

  test('by its own word, where the panels know some value', () => {
    expect(verdict({ status: 'ok', cycle: 7 }).word).toBe('healthy')
    expect(verdict({ status: 'ok', rows: 7 })).toEqual({ word: 'unknown', reasons: ['nothing recognised'] })
  })

  test('in a closed market too, which it says', () => {
    const closed = { tone: 'muted', text: 'closed, last 15:30' } as const
    expect(verdict(read('domain/e3-market-closed.json'), closed)).toEqual({
      word: 'healthy',
      reasons: ['closed, last 15:30'],
    })
  })
})

describe('a system is unknown', () => {
  test.each([
    'documents/rabbitmq-overview.json',
    'documents/sidekiq-stats.json',
    'documents/prometheus-targets.json',
    'documents/kubectl-get-pods-small.json',
    'documents/kafka-connect-status.json',
  ])('of whose document nothing is recognised: %s', name => {
    expect(verdict(read(name))).toEqual({ word: 'unknown', reasons: ['nothing recognised'] })
  })

  test('when the panels know nothing of its document, and it is old too', () => {
    const stale = { tone: 'warn', text: 'stale, last 10:02' } as const
    expect(verdict(read('documents/rabbitmq-overview.json'), stale)).toEqual({
      word: 'attention',
      reasons: ['nothing recognised', 'stale, last 10:02'],
    })
  })

  test('when it gives names, times and links only', () => {
    const named = {
      version: '1',
      timestamp: '2026-11-29T10:00:00Z',
      app: { name: 'x' },
      links: { a: 'http://b' },
    }
    expect(verdict(named).reasons).toEqual(['nothing recognised'])
  })

  test('when its values are neither good nor bad: counts of 0, prices, a cycle', () => {
    const silent = [
      { alerts: { total: 0 }, cycle: 4 },
      { indices: { A: { ltp: 5 } }, storage: { lag: 0 } },
    ]
    for (const status of silent) {
      expect(verdict(status)).toEqual({ word: 'unknown', reasons: ['nothing here says how it is'] })
    }
  })
})

describe('a system that is not well', () => {
  test('is as bad as its worst value, which the verdict quotes', () => {
    const status = { ...WELL, resources: { cpu_pct: 75 }, health: { Provider: 'down' }, alerts: [] }
    expect(verdict(status)).toEqual({ word: 'failing', reasons: ['Provider: down'] })
    expect(verdict({ ...WELL, resources: { cpu_pct: 75 } })).toEqual({
      word: 'attention',
      reasons: ['cpu_pct: 75.0'],
    })
  })

  test('names row and column of a table, and the message of an alert', () => {
    const indices = { NIFTY: { ltp: 5, status: 'error', dq_score: 60 } }
    expect(verdict({ market_open: true, indices }).reasons).toEqual([
      'NIFTY: error',
      'NIFTY DQ %: 60.00',
      'Low data quality: NIFTY 60 % (computed)',
    ])
    const alerts = [{ level: 'critical', component: 'feed', message: 'no ticks' }]
    expect(verdict({ ...WELL, alerts }).reasons).toEqual(['critical: no ticks'])
  })

  test('with unknown state words needs attention, wherever they are', () => {
    const places: Status[] = [
      { indices: { A: { status: 'frobnicated' } } },
      { health: { collector: 'frobnicated' } },
      { provider: { name: 'p', status: 'frobnicated' } },
      { sinks: { csv: { status: 'frobnicated' } } },
      { status: 'frobnicated' },
    ]
    for (const status of places) expect(verdict({ ...WELL, ...status }).word).toBe('attention')
  })

  test('may say so itself', () => {
    expect(verdict(read('documents/elasticsearch-cluster-health-red.json'))).toEqual({
      word: 'failing',
      reasons: ['status: red'],
    })
    expect(verdict({ ok: false, status: 'ok' }).word).toBe('failing')
  })

  test('shows a few reasons and the number of the others', () => {
    const health = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`c${i}`, 'down']))
    expect(verdict({ health }).reasons).toEqual(['c0: down', 'c1: down', 'c2: down', 'c3: down', '5 more'])
  })
})

describe('prices of 0', () => {
  test('are a warning, all of them or one', () => {
    const zero = read('domain/e4-all-zero.json')
    expect(verdict(zero)).toMatchObject({ word: 'attention' })
    expect(verdict(zero).reasons[0]).toBe('all prices are 0')
    const one = { market_open: true, indices: { A: { ltp: 0, status: 'ok' }, B: { ltp: 5, status: 'ok' } } }
    expect(verdict(one)).toEqual({ word: 'attention', reasons: ['A LTP: 0.00'] })
  })

  test('are normal while the market is closed', () => {
    const { word } = verdict({ ...read('domain/e4-all-zero.json'), market_open: false })
    expect(word).toBe('healthy')
  })
})

test('a verdict from elsewhere never gets better by local knowledge', () => {
  const lost = { tone: 'error', text: 'source missing, last 10:02' } as const
  const given = { word: 'attention', reasons: ['cpu_pct: 75.0'] } as const
  expect(verdictWith(given, [lost])).toEqual({ word: 'failing', reasons: [lost.text, 'cpu_pct: 75.0'] })
  expect(verdictWith(given, [])).toBe(given)
  expect(verdictWith({ word: 'failing', reasons: [] }, [{ tone: 'warn', text: 'stale' }]).word).toBe(
    'failing',
  )
})
