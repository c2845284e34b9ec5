// What programs compute with: the facts of a board, and that no surface looks for a printed label.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { nextBoard } from '../../src/board/board.js'
import { numbersOf } from '../../src/display/numbers.js'
import { shownColumn, shownField } from '../../src/display/shown.js'
import { topBar } from '../../src/outputs/terminal/draw/bars.js'
import { lineText } from '../../src/outputs/terminal/draw/run.js'
import { type Facts, factId } from '../../src/panels/facts.js'
import { makePanel } from '../../src/panels/lines.js'
import type { Block, Panel } from '../../src/panels/panel.js'
import { verdictOf } from '../../src/panels/verdict.js'
import { FACT_IDS } from '../../src/protocol/facts.js'
import type { Status } from '../../src/snapshot/reading.js'
import { readAlerts } from '../../web/alerts/read-alerts.js'
import { sizeOf } from '../../web/cards/placement.js'
import { plotGroups } from '../../web/plots/plottable.js'
import { resultMaker } from '../support/results.js'

const FULL = JSON.parse(
  readFileSync(new URL('../fixtures/status-full.json', import.meta.url), 'utf8'),
) as Status
const result = resultMaker()(FULL)
const panels = [...result.board.panels.values()]

/** The ids of all facts with their values; what is in a list is not looked into. */
function idsOf(facts: Facts, path: string): [id: string, value: unknown][] {
  return Object.entries(facts).flatMap(([name, fact]) => {
    const id = `${path}.${name}`
    return typeof fact === 'object' && !Array.isArray(fact) ? idsOf(fact as Facts, id) : [[id, fact]]
  })
}
const allIds = (shown: readonly Panel[]) =>
  shown.flatMap(({ key, facts }) => (facts === undefined ? [] : idsOf(facts, key)))

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  return { number: 'number', string: 'text', boolean: 'yes or no' }[typeof value as string] ?? 'none'
}

/** The listed id that this one is: `*` matches one name. */
function listed(id: string): keyof typeof FACT_IDS | undefined {
  const ids = Object.keys(FACT_IDS) as (keyof typeof FACT_IDS)[]
  return ids.find(pattern => {
    const [names, wanted] = [id.split('.'), pattern.split('.')]
    return names.length === wanted.length && wanted.every((name, i) => name === '*' || name === names[i])
  })
}

describe('the facts of a board', () => {
  test('have the ids that are listed, each of the kind it is listed with', () => {
    for (const [id, value] of allIds(panels)) {
      const known = listed(id)
      expect(known && FACT_IDS[known][0], id).toBe(kindOf(value))
    }
  })

  test('have every id that is listed, where a status says everything', () => {
    const more = resultMaker()({
      app: { name: 'G6', version: '1', uptime_sec: 5 },
      market_open: false,
      analytics: { pcr: 1, max_pain: { NIFTY: 2 } },
      indices: { NIFTY: { ltp: 1, change_pct: 1, dq_score: 1, age: 1, legs: 1, success_rate: 1, fails: 1 } },
      storage: { lag: 1, queue_depth: 1, last_flush_age_sec: 1 },
      perf: { rate: 1 },
    })
    const ids = [...allIds(panels), ...allIds([...more.board.panels.values()])].map(([id]) => listed(id))
    expect(Object.keys(FACT_IDS).filter(id => !ids.some(known => known === id))).toEqual([])
  })

  test('have the numbers of the status and the alerts that are shown', () => {
    const ids = new Map(allIds(panels))
    expect(ids.get('indices.NIFTY.ltp')).toBe(result.snapshot?.indices[0]?.ltp)
    expect(ids.get('cycle.number')).toBe(result.snapshot?.cycle.number)
    const rows = panels.find(({ key }) => key === 'alerts')?.blocks.find(({ kind }) => kind === 'table')
    expect(ids.get('alerts.items')).toHaveLength(rows?.kind === 'table' ? rows.rows.length : -1)
  })

  test('say nothing of what the status does not say, and a 0 where it says 0', () => {
    const { board } = resultMaker()({ cycle: 1, resources: { cpu: 0 }, indices: { NIFTY: {} } })
    const ids = allIds([...board.panels.values()])
    const computed = /^(header\.market|header\.next_open)/
    expect(Object.fromEntries(ids.filter(([id]) => !computed.test(id)))).toEqual({
      'cycle.number': 1,
      'resources.cpu_pct': 0,
      'alerts.items': [],
    })
  })

  test('are no part of any hash', () => {
    const without = panels.map(({ facts: _, ...panel }) => panel)
    const board = nextBoard({ ...result.board, panels: new Map() }, without, 2, 0)
    for (const { key, hash } of panels) expect(board.panels.get(key)?.hash).toBe(hash)
  })
})

describe('a field or column that names a fact', () => {
  const numbers = new Map(panels.flatMap(({ key, facts }) => numbersOf(key, facts)))
  const named = panels.flatMap(({ key, blocks }) =>
    blocks.flatMap(block => {
      if (block.kind === 'text') return []
      if (block.kind === 'fields')
        return block.items.flatMap(({ fact, value }) =>
          fact === undefined ? [] : [[`${factId(key)}.${fact}`, value] as const],
        )
      return block.columns.flatMap(({ fact }, at) =>
        fact === undefined
          ? []
          : block.rows.map(row => [`${factId(key, row[0]?.text ?? '')}.${fact}`, row[at]?.value] as const),
      )
    }),
  )

  test('shows its number', () => {
    expect(named.length).toBeGreaterThan(30)
    for (const [id, value] of named) expect(numbers.get(id), id).toBe(value)
  })

  test('is every one that a person may follow', () => {
    const unnamed = /^(header\.|cycle\.(number|last_start_ms|interval_sec)|alerts\.|analytics\.max_pain)/
    const ids = new Set<string>(named.map(([id]) => id))
    expect([...numbers.keys()].filter(id => !unnamed.test(id) && !ids.has(id))).toEqual([])
  })
})

test('every field and column has words for a label, and its unit', () => {
  const shown = panels.flatMap(({ key, blocks }) =>
    blocks.flatMap(block => {
      if (block.kind === 'text') return []
      if (block.kind === 'table') return block.columns.map(column => shownColumn(column, key))
      return block.items.map(field => shownField(field, 'en', key))
    }),
  )
  expect(shown.map(({ label, unit }) => (unit === '' ? label : `${label} | ${unit}`))).toMatchInlineSnapshot(`
    [
      "App",
      "Version",
      "Market",
      "Next open",
      "Indices",
      "Environment",
      "Cycle number",
      "Started",
      "Number",
      "Last start",
      "Last cycle | s",
      "Success rate | %",
      "Interval | s",
      "Average | ms",
      "95th percentile | ms",
      "Count",
      "Names",
      "Data points",
      "Index",
      "Last",
      "Change | %",
      "Status",
      "Data quality | %",
      "Legs",
      "Age | s",
      "Put/call ratio",
      "Sentiment",
      "Index",
      "Last",
      "Max pain",
      "Distance | %",
      "Total",
      "By severity",
      "Time",
      "Level",
      "Component",
      "Message",
      "Processor | %",
      "Memory | MB",
      "Memory level",
      "Lag",
      "Queue",
      "Last flush | s ago",
      "Sink",
      "Metric",
      "Value",
      "API time | ms",
      "Options | /s",
      "Cycle p95 | ms",
      "Provider",
      "Latency | ms",
      "Sign-in",
      "Component",
      "State",
      "Source",
      "Metrics",
      "Stream",
      "Page",
    ]
  `)
})

describe('with another title of every column and field, a surface', () => {
  const relabelled = (block: Block): Block => {
    if (block.kind === 'text') return block
    if (block.kind === 'fields')
      return { ...block, items: block.items.map((item, i) => ({ ...item, label: `f${i}` })) }
    return { ...block, columns: block.columns.map((column, i) => ({ ...column, label: `c${i}` })) }
  }
  const others = panels.map(({ key, title, blocks, facts }) =>
    makePanel(key, title, blocks.map(relabelled), facts),
  )

  test('of the terminal has the same bar', () => {
    const board = nextBoard({ ...result.board, panels: new Map() }, others, 2, 0)
    const barOf = (live: typeof result) =>
      topBar(
        {
          live,
          nowMs: 1_763_615_436_000,
          timezone: 'Asia/Kolkata',
          needFull: null,
          paused: false,
          behind: 0,
        },
        200,
      ).map(lineText)
    expect(barOf({ ...result, board: { ...board, verdict: result.board.verdict } })).toEqual(barOf(result))
  })

  test('of the page has the same plots, alerts and cards', () => {
    const seen = (of: readonly Panel[]) => {
      const byKey = new Map(of.map(panel => [panel.key, panel]))
      return {
        plotted: plotGroups(of).flatMap(({ members }) => members.map(({ id }) => id)),
        alerts: readAlerts(byKey.get('alerts')?.facts),
        wide: sizeOf('alerts', { blocks: byKey.get('alerts')?.blocks ?? [], everKnown: new Set() }, false)
          .isWide,
      }
    }
    expect(seen(others)).toEqual(seen(panels))
    expect(seen(others).plotted.length).toBeGreaterThan(5)
    expect(seen(others).alerts.length).toBeGreaterThan(0)
  })

  test('gives the same reasons of rows', () => {
    const reasons = (of: readonly Panel[]) => {
      const alerts = of.filter(({ key }) => key === 'alerts')
      const { word, reasons: found } = verdictOf({ snapshot: null, panels: alerts, remarks: [] })
      return { word, reasons: found }
    }
    expect(reasons(others)).toEqual(reasons(panels))
    expect(reasons(panels).reasons.length).toBeGreaterThan(0)
  })
})
