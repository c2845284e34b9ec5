import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPanelBuilder } from '../../src/engine/panel-builder.js'
import { makePanel } from '../../src/panels/lines.js'
import type { Block, Panel, Tone } from '../../src/panels/panel.js'
import { displayWidth } from '../../src/panels/text.js'
import { DEFAULT_THRESHOLDS } from '../../src/panels/thresholds.js'
import { type Remark, type VerdictFacts, verdictOf, verdictWith } from '../../src/panels/verdict.js'
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

const UNKNOWN = { word: 'unknown', reasons: ['nothing here says how it is'] }

describe('a system is healthy', () => {
  test('when one value is good and none is bad', () => {
    expect(verdict(WELL)).toEqual({ word: 'healthy', reasons: [] })
    expect(verdict({ health: { collector: 'running' } }).word).toBe('healthy')
  })

  test('by its own word, whatever else it says', () => {
    for (const own of [{ status: 'ok' }, { state: 'RUNNING' }, { healthy: true }, { ok: true }])
      expect(verdict({ ...own, rows: 7 })).toEqual({ word: 'healthy', reasons: [] })
  })

  test('not because an answer says that the request was understood', () => {
    const answers = [
      { status: 'success', data: { resultType: 'vector', result: [] } },
      { ok: true, result: { id: 1 } },
      { status: 'OK', results: [] },
    ]
    for (const answer of answers) expect(verdict(answer)).toEqual(UNKNOWN)
    expect(verdict({ status: 'error', data: null, error: 'no such query' }).word).toBe('failing')
    expect(verdict({ status: 'success', finished: '2026-11-30T04:00:00Z' }).word).toBe('healthy')
  })

  test('not because of a word or a flag that means something else', () => {
    for (const other of [{ status: true }, { state: 1 }, { status: 200 }, { health: false }, { ok: 1 }])
      expect(verdict(other)).toEqual(UNKNOWN)
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
  ])('while no panel shows a value of its document that says how it is: %s', name => {
    expect(verdict(read(name))).toEqual(UNKNOWN)
  })

  test('but not when its document is old', () => {
    const stale = { tone: 'warn', text: 'stale, last 10:02' } as const
    expect(verdict(read('documents/rabbitmq-overview.json'), stale)).toEqual({
      word: 'attention',
      reasons: ['stale, last 10:02'],
    })
  })

  test('when it gives names, times and links only', () => {
    const named = {
      version: '1',
      timestamp: '2026-11-29T10:00:00Z',
      app: { name: 'x' },
      links: { a: 'http://b' },
    }
    expect(verdict(named)).toEqual(UNKNOWN)
  })

  test('when its values are neither good nor bad: counts of 0, prices, a cycle', () => {
    const silent = [
      { alerts: { total: 0 }, cycle: 4 },
      { indices: { A: { ltp: 5 } }, storage: { lag: 0 } },
    ]
    for (const status of silent) expect(verdict(status)).toEqual(UNKNOWN)
  })

  test('while there is no board, and when a document gives no panel', () => {
    const nothing = { panels: [], remarks: [] }
    expect(verdictOf({ ...nothing, snapshot: null }).reasons).toEqual(['no board yet'])
    expect(verdictOf({ ...nothing, snapshot: derive({}) })).toEqual(UNKNOWN)
  })
})

describe('a system that is not well', () => {
  test('is as bad as its worst value, which the verdict quotes', () => {
    const status = { ...WELL, resources: { cpu_pct: 75 }, health: { Provider: 'down' }, alerts: [] }
    expect(verdict(status)).toEqual({
      word: 'failing',
      reasons: ['Provider: down'],
      places: [{ panel: 'perfstore', row: 'Provider', label: 'State' }],
    })
    expect(verdict({ ...WELL, resources: { cpu_pct: 75 } })).toEqual({
      word: 'attention',
      reasons: ['cpu_pct: 75.0'],
      places: [{ panel: 'resources', label: 'cpu_pct' }],
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
    expect(verdict(one)).toEqual({
      word: 'attention',
      reasons: ['A LTP: 0.00'],
      places: [{ panel: 'indices', row: 'A', label: 'LTP' }],
    })
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

describe('reasons', () => {
  const state = (...rows: readonly (readonly [string, Tone])[]): Block => ({
    kind: 'table',
    columns: [{ label: 'id' }, { label: 'state', role: 'state' }],
    rows: rows.map(([id, tone]) => [{ text: id }, { text: tone === 'error' ? 'FAILED' : 'SLOW', tone }]),
  })
  const say = (panels: readonly Panel[], facts: Partial<VerdictFacts> = {}) =>
    verdictOf({ snapshot: null, panels, remarks: [], ...facts })

  test('name the panel where a row or a label alone does not say what it is', () => {
    const fields: Block = { kind: 'fields', items: [{ label: 'state', text: 'dead', tone: 'error' }] }
    const panels = [
      makePanel('tasks', 'Tasks', [state(['1', 'error'])]),
      makePanel('leader', 'Leader', [fields]),
    ]
    expect(say(panels)).toEqual({
      word: 'failing',
      reasons: ['Tasks 1: FAILED', 'Leader state: dead'],
      places: [
        { panel: 'tasks', row: '1', label: 'state' },
        { panel: 'leader', label: 'state' },
      ],
    })
  })

  test('give a word once that the document says and a panel shows, with its place', () => {
    const fields: Block = { kind: 'fields', items: [{ label: 'status', text: 'red', tone: 'error' }] }
    const snapshot = derive({ status: 'red' })
    expect(say([makePanel('root', 'Document', [fields])], { snapshot })).toEqual({
      word: 'failing',
      reasons: ['status: red'],
      places: [{ panel: 'root', label: 'status' }],
    })
  })

  test('begin with errors, the source before the board, and end with what is normal', () => {
    const panels = [makePanel('a', 'A', [state(['x', 'warn'], ['y', 'error'])])]
    const remarks: Remark[] = [
      { tone: 'warn', text: 'stale, last 10:02' },
      { tone: 'muted', text: 'closed, last 15:30' },
      { tone: 'error', text: 'es: timeout, last 10:02' },
    ]
    expect(say(panels, { remarks }).reasons).toEqual([
      'es: timeout, last 10:02',
      'y: FAILED',
      'stale, last 10:02',
      'closed, last 15:30',
    ])
  })

  test('point nowhere where they count others', () => {
    const panels = [
      makePanel('a', 'A', [state(...['a', 'b', 'c', 'd', 'e', 'f'].map(id => [id, 'error'] as const))]),
    ]
    const { reasons, places } = say(panels)
    expect(reasons.at(-1)).toBe('2 more')
    expect(places).toHaveLength(reasons.length)
    expect(places?.at(-1)).toBe(null)
  })

  describe('with the verdict of a board file', () => {
    const ok: Remark = { tone: 'ok', text: 'status: green' }
    const panels = [makePanel('a', 'A', [state(['shard', 'error'])])]

    test('are the values that are not well, and the operator decides what they mean', () => {
      expect(say(panels, { own: ok })).toMatchObject({ word: 'healthy', reasons: ['shard: FAILED'] })
      const failing: Remark = { tone: 'error', text: 'status: red' }
      expect(say([], { own: failing })).toEqual({ word: 'failing', reasons: ['status: red'] })
    })

    test('replaces the words of the document', () => {
      const snapshot = derive({ status: 'red' })
      expect(say([], { own: ok, snapshot }).word).toBe('healthy')
    })

    test('a source that is old or down is worse all the same', () => {
      const remarks: Remark[] = [{ tone: 'warn', text: 'stale, last 10:02' }]
      expect(say([], { own: ok, remarks })).toEqual({ word: 'attention', reasons: ['stale, last 10:02'] })
    })

    test('a value that does not say how it is leaves the verdict to the board', () => {
      const muted: Remark = { tone: 'muted', text: 'status: —' }
      expect(say(panels, { own: muted }).word).toBe('failing')
      expect(say([], { own: muted, snapshot: derive({}) })).toEqual(UNKNOWN)
    })
  })
})

describe('the laws of the verdict', () => {
  const tone = fc.constantFrom<Tone | undefined>('ok', 'warn', 'error', 'info', 'muted', undefined)
  const cell = fc.record({ text: fc.string({ maxLength: 200 }), tone })
  const toned = ({ text, tone: given }: { text: string; tone: Tone | undefined }) =>
    given === undefined ? { text } : { text, tone: given }
  const block: fc.Arbitrary<Block> = fc.oneof(
    cell.map(given => ({ kind: 'text' as const, ...toned(given) })),
    fc.array(cell, { maxLength: 8 }).map(items => ({
      kind: 'fields' as const,
      items: items.map((given, i) => ({ label: i === 0 ? 'status' : `f${i}`, ...toned(given) })),
    })),
    fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 }).map(rows => ({
      kind: 'table' as const,
      columns: [{ label: 'name' }, { label: 'state', role: 'state' as const }, { label: 'x' }],
      rows: rows.map(row => row.map(toned)),
    })),
  )
  const panels = fc
    .array(fc.array(block, { maxLength: 3 }), { maxLength: 6 })
    .map(all => all.map((blocks, i) => makePanel(`p${i}`, `P ${i}`, blocks)))
  const remark: fc.Arbitrary<Remark> = fc.record({
    tone: fc.constantFrom<Tone>('warn', 'error', 'muted'),
    text: fc.string({ maxLength: 200 }),
  })
  const remarks = fc.array(remark, { maxLength: 12 })
  const own = fc.option(
    fc.record({ tone: fc.constantFrom<Tone>('ok', 'warn', 'error', 'muted'), text: fc.string() }),
  )
  const RANK = { healthy: 0, unknown: 1, attention: 2, failing: 3 }
  const say = (facts: Omit<VerdictFacts, 'snapshot'>) => verdictOf({ snapshot: null, ...facts })

  test('a worse value never makes it better, a failing source always worse', () => {
    const bad = fc.constantFrom<Tone>('warn', 'error')
    fc.assert(
      fc.property(panels, remarks, own, bad, (shown, noted, declared, worse) => {
        const before = say({ panels: shown, remarks: noted, own: declared })
        const fault = makePanel('bad', 'Bad', [{ kind: 'text', text: 'bad', tone: worse }])
        const after = say({ panels: [...shown, fault], remarks: noted, own: declared })
        expect(RANK[after.word]).toBeGreaterThanOrEqual(RANK[before.word])
        const lost = say({
          panels: shown,
          remarks: [...noted, { tone: 'error', text: 'lost' }],
          own: declared,
        })
        expect(lost.word).toBe('failing')
      }),
    )
  })

  test('the order of panels decides the order of the reasons only', () => {
    fc.assert(
      fc.property(panels, remarks, own, (shown, noted, declared) => {
        const one = say({ panels: shown, remarks: noted, own: declared })
        const other = say({ panels: shown.toReversed(), remarks: noted.toReversed(), own: declared })
        expect(other.word).toBe(one.word)
        expect(other.reasons.length).toBe(one.reasons.length)
      }),
    )
  })

  test('it is bounded, healthy only with a good value, and its places are those of its reasons', () => {
    fc.assert(
      fc.property(panels, remarks, own, (shown, noted, declared) => {
        const { word, reasons, places } = say({ panels: shown, remarks: noted, own: declared })
        expect(reasons.length).toBeLessThanOrEqual(5)
        expect(reasons.every(reason => displayWidth(reason) <= 80)).toBe(true)
        if (places !== undefined) expect(places.length).toBe(reasons.length)
        if (word === 'unknown' || word === 'failing' || word === 'attention')
          expect(reasons.length).toBeGreaterThan(0)
        const tones = shown.flatMap(({ blocks }) => JSON.stringify(blocks))
        const hasGood = declared?.tone === 'ok' || tones.some(text => text.includes('"tone":"ok"'))
        if (word === 'healthy') expect(hasGood).toBe(true)
      }),
    )
  })
})
