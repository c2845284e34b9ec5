// Rules and dashboard as they ship, with promtool: they are valid, every alert has a runbook, every query runs.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dashboardQueries } from '../../tools/release/metric-names.js'
import { checkRules } from '../../tools/release/prometheus.js'
import { runTool } from '../../tools/release/tool.js'

const read = (path: string): string => readFileSync(join('deploy', path), 'utf8')

/** Name → the text of its rule. */
const alerts = new Map(
  read('prometheus/alerts.yml')
    .split(/^ {6}- (?=alert: )/m)
    .slice(1)
    .map(rule => [/^alert: (\w+)$/m.exec(rule)?.[1] ?? '', rule]),
)

test('promtool accepts the rules, and their tests pass', async () => {
  expect(await checkRules('.', runTool)).toMatchObject({ ok: true })
})

test('there is an alert for each thing that can go wrong', () => {
  expect([...alerts.keys()]).toEqual([
    'SummaryDiffHitRatioLow',
    'SummaryPanelRenderLatencyHigh',
    'SummaryPanelChurnHigh',
    'SummaryPanelHighChurn',
    'SummaryStatusStale',
    'StreamServerDown',
    'StreamClientsStalled',
    'StreamConnectionsRejected',
    'ChatFirstTokenSlow',
    'ChatErrorsHigh',
    'ChatBackendUnreachable',
    'ChatAuditFailing',
    'FleetEngineGone',
    'FleetLeaderless',
    'FleetSplit',
    'FleetFlapping',
    'FleetVersionSkew',
    'ChatBuried',
    'ChatUnshared',
    'NotificationsWaiting',
    'NotificationsLost',
    'NotifyStateUnwritable',
    'HistoryNotStored',
    'HistoryFailing',
    'HistoryFull',
  ])
})

test.each([...alerts])('%s waits, has a severity and a summary, and has a runbook', (name, rule) => {
  expect(rule).toMatch(/^ +for: \d+m$/m)
  expect(rule).toMatch(/^ +labels: \{ severity: (warning|critical) \}$/m)
  expect(rule).toMatch(/^ +summary: \S.{10,}$/m)
  expect(rule).toContain(`runbook_url: docs/operations.md#${name.toLowerCase()}\n`)
})

test.each([...alerts.keys()])('%s has a test in which it is silent and one in which it fires', name => {
  const cases = read('prometheus/alerts.test.yml').split('alertname: ').slice(1)
  const own = cases.filter(each => each.startsWith(`${name}\n`))
  expect(own.some(each => each.includes('exp_alerts: []'))).toBe(true)
  expect(own.some(each => each.includes('exp_labels:'))).toBe(true)
})

test('Prometheus can run every query of the dashboard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'g6-queries-'))
  const queries = dashboardQueries(read('grafana/g6-stream.json'))
  expect(queries.length).toBeGreaterThan(60)
  const rules = queries.map(({ expr }, i) => {
    const filled = expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*')
    expect(filled).not.toContain('$')
    return { record: `q${i}`, expr: filled }
  })
  try {
    // YAML reads JSON.
    writeFileSync(join(folder, 'queries.yml'), JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
    execFileSync('promtool', ['check', 'rules', join(folder, 'queries.yml')], { stdio: 'pipe' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the dashboard has its rows, and no two panels in one place', () => {
  type Panel = {
    type: string
    title: string
    id: number
    gridPos: { x: number; y: number; w: number; h: number }
  }
  const { panels } = JSON.parse(read('grafana/g6-stream.json')) as { panels: readonly Panel[] }
  const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title)
  expect(rows).toEqual([
    'Health',
    'Stream',
    'Cycle',
    'Panels',
    'Ingest',
    'Chat',
    'Fleet',
    'Process',
    'Memory',
  ])
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  const taken = new Set<string>()
  for (const { title, gridPos } of panels) {
    const { x, y, w, h } = gridPos
    expect(x + w).toBeLessThanOrEqual(24)
    for (let cell = 0; cell < w * h; cell++) {
      const at = `${x + (cell % w)},${y + Math.floor(cell / w)}`
      expect(taken.has(at), title).toBe(false)
      taken.add(at)
    }
  }
})
