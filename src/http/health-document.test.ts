import { describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import type { CycleResult } from '../engine/cycle.js'
import type { HubStats } from '../hub/hub-types.js'
import { derive } from '../snapshot/derive.js'
import { type HealthFacts, healthDocument, healthSchema } from './health-document.js'

const board = boardMaker()(textPanel('indices', 'NIFTY'))
const result: CycleResult = {
  board,
  snapshot: null,
  reading: null,
  source: { state: 'fresh', ageSec: 1.23456, changedAtMs: null, error: null, tooOld: false },
  stats: {
    cycles: 10,
    unchangedCycles: 6,
    missedTicks: 0,
    hitRatio: 0.75,
    hitRatio5m: 0.8,
    changeRatio5m: 0.3,
    intervals: 7,
    totalPanelUpdates: 25,
    lastCycleUpdates: 2,
    churnRatio: 0.2,
    highChurnStreak: 1,
    churnAnomalies: 4,
    lastCycleMs: 3,
    startedAtMs: 0,
    timing: () => ({ indices: { avgMs: 0.12345, p95Ms: 0.2, totalMs: 1.2, calls: 10 } }),
  },
}
const hub: HubStats = {
  clients: 3,
  behind: 1,
  eventsTotal: 20,
  byType: { panel_update: 5, panel_update_structured: 6, full_snapshot: 4, heartbeat: 3, error: 2 },
  eventsSent: 60,
  eventsMerged: 7,
  bytesSent: 8_000,
  stalled: 0,
  resumed: { resumed: 0, epoch: 0, ahead: 0, subset: 0, malformed: 0 },
}
const facts: HealthFacts = {
  result,
  hub,
  streams: 5,
  version: '1.2.3',
  uptimeSec: 12.34567,
  draining: false,
  verdict: { word: 'healthy', reasons: [] },
  timezone: 'Asia/Kolkata',
  numberFormat: 'en-IN',
  hasChat: true,
  members: { shown: 16, hidden: 3 },
  looks: { title: 'Search', spans: { shards: 2 } },
}

test('has everything the runbook names', () => {
  const diff = {
    cycles: 10,
    unchanged_cycles: 6,
    hit_ratio: 0.75,
    hit_ratio_5m: 0.8,
    total_panel_updates: 25,
    avg_updates_per_cycle: 2.5,
    last_cycle_updates: 2,
  }
  const timing = { indices: { avg_ms: 0.123, p95_ms: 0.2, total_ms: 1.2, calls: 10 } }
  const events = { events_total: 20, panel_updates: 11, full_snapshots: 4, heartbeats: 3, errors: 2 }
  expect(healthDocument(facts)).toEqual({
    ok: true,
    status: 'ok',
    cycle: 1,
    schema_version: 'v1',
    version: '1.2.3',
    uptime_sec: 12.346,
    diff,
    diff_stats: diff,
    panel_updates_last: 2,
    hit_ratio: 0.75,
    churn_ratio: 0.2,
    high_churn_streak: 1,
    churn_anomalies: 4,
    timing,
    sse: { clients: 5, ...events, events_sent: 60, events_merged: 7, bytes_sent: 8_000, behind: 1 },
    status_file: { state: 'fresh', age_sec: 1.235, text: 'fresh' },
    verdict: { word: 'healthy', reasons: [] },
    panel_push_meta: {
      diff_stats: diff,
      timing,
      sse_publisher: events,
      shared_hashes: { indices: board.panels.get('indices')?.hash },
    },
    chat: { page: 'chat' },
    display: {
      ...{ timezone: 'Asia/Kolkata', number_format: 'en-IN' },
      ...{ title: 'Search', spans: { shards: 2 } },
    },
    automatic: { shown: 16, hidden: 3 },
    adaptive: { backlog_ratio: null },
  })
})

describe('the status word', () => {
  const of = (changes: Partial<HealthFacts>) => healthDocument({ ...facts, ...changes })
  test('is starting before the first board, and the document is complete all the same', () => {
    const document = of({ result: null, hub: null })
    expect(healthSchema.parse(document)).toEqual(document)
    expect(document).toMatchObject({
      status: 'starting',
      hit_ratio: null,
      status_file: { state: 'starting' },
    })
  })
  test('is stale when the input is, and says why', () => {
    const source = {
      state: 'not_json',
      ageSec: 5,
      error: 'line 3 is cut',
      changedAtMs: 0,
      tooOld: false,
    } as const
    expect(of({ result: { ...result, source } })).toMatchObject({
      status: 'stale',
      status_file: { state: 'not_json', age_sec: 5, error: 'line 3 is cut' },
    })
  })
  test('names the numbers of the status that cannot be used', () => {
    const dataWarnings = ['indices.NIFTY.change is Infinity']
    const document = of({ result: { ...result, snapshot: { ...derive({}), dataWarnings } } })
    expect(healthSchema.parse(document)).toEqual(document)
    expect(document.status_file).toEqual({
      state: 'fresh',
      age_sec: 1.235,
      text: 'fresh',
      warnings: dataWarnings,
    })
  })
  test('is draining, whatever the source', () => {
    expect(of({ draining: true }).status).toBe('draining')
  })
})
