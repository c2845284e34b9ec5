import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { resultMaker } from '../../../test/support/results.js'
import type { CycleResult } from '../../engine/cycle.js'
import { healthDocument } from '../../http/health-document.js'
import type { HubStats } from '../../hub/hub-types.js'
import type { IngestStats } from '../../ingest/enrichment.js'
import { heartbeat, heartbeatLimits } from '../../ingest/heartbeat.js'
import { EMPTY_STATE } from '../../ingest/store.js'
import { silentLog } from '../../log/log.js'
import { createDossierOutput } from './dossier.js'
import { dossierDocument } from './dossier-document.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-dossier-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const market = (ltp: number) => ({ app: { version: '1.4.2' }, indices: { NIFTY: { ltp } } })
const HUB: HubStats = {
  clients: 1,
  behind: 0,
  eventsTotal: 20,
  byType: { panel_update: 5, full_snapshot: 4, heartbeat: 3, error: 2 },
  eventsSent: 60,
  eventsMerged: 7,
  bytesSent: 8_000,
  stalled: 0,
  resumed: { resumed: 0, epoch: 0, ahead: 0, subset: 0, malformed: 0 },
}

describe('the dossier', () => {
  test('has the whole snapshot, hashes, statistics and origins, at most once an interval', async () => {
    const path = join(folder, 'deep', 'dossier.json')
    let nowMs = 0
    const output = createDossierOutput({
      path,
      intervalMs: 5_000,
      monotonicMs: () => nowMs,
      hubStats: () => HUB,
      log: silentLog,
    })
    const next = resultMaker()
    const made = next(market(100))
    const timing = { indices: { avgMs: 0.1, p95Ms: 0.2, totalMs: 0.3, calls: 3 } }
    const result = { ...made, stats: { ...made.stats, timing: () => timing } }
    await output.publish(result)
    const dossier = JSON.parse(await readFile(path, 'utf8'))
    expect(dossier).toMatchObject({
      schema_version: 'v1',
      generation: 1,
      source: { state: 'fresh' },
      snapshot: { app: { version: '1.4.2' }, indices: [{ name: 'NIFTY', ltp: 100 }] },
      statistics: { cycles: 0 },
      timing: { indices: { avg_ms: 0.1, p95_ms: 0.2, total_ms: 0.3, calls: 3 } },
    })
    expect(dossier.panel_hashes.indices).toBe(result.board.panels.get('indices')?.hash)
    expect(dossier.origins['app.version']).toBe('app.version')
    expect(dossier.verdict).toEqual(result.board.verdict)
    expect(dossier.snapshot.raw).toBeUndefined()
    nowMs = 4_999
    await output.publish(next(market(101)))
    expect(JSON.parse(await readFile(path, 'utf8')).cycle).toBe(1)
    nowMs = 5_000
    await output.publish(next(market(102)))
    expect(JSON.parse(await readFile(path, 'utf8')).cycle).toBe(3)
  })

  test('that could not be written is written again in the next cycle, not after the interval', async () => {
    const path = join(folder, 'deep', 'dossier.json')
    await writeFile(join(folder, 'deep'), '')
    const onFault = vi.fn()
    const parts = { monotonicMs: () => 0, hubStats: () => null, log: silentLog, onFault }
    const output = createDossierOutput({ path, intervalMs: 5_000, ...parts })
    const next = resultMaker()
    await output.publish(next(market(100)))
    expect(onFault).toHaveBeenCalledTimes(1)
    await rm(join(folder, 'deep'))
    await output.publish(next(market(101)))
    expect(JSON.parse(await readFile(path, 'utf8')).cycle).toBe(2)
    expect(onFault).toHaveBeenCalledTimes(1)
  })

  test('has the panel_push_meta and adaptive_stream of /summary/health, whatever the source is', () => {
    const result = resultMaker()(market(100))
    const state = {
      ...EMPTY_STATE,
      panelFull: 2,
      needFull: true,
      severityCounts: { info: 1, warn: 0, critical: 2 },
      followUps: [{ time: 5, level: 'warn', component: 'a', message: 'late' }],
    }
    const followed = (source: string): IngestStats => ({
      source,
      connection: 'live',
      error: null,
      state,
      heartbeat: heartbeat(state, 0, heartbeatLimits(null)),
    })
    const withIngest = (...sources: string[]) => ({
      ...result,
      stats: { ...result.stats, ingest: sources.map(followed) },
    })
    const kinds: readonly CycleResult[] = [
      result,
      withIngest('http://one/events'),
      withIngest('http://one/events', 'http://two/events'),
      { ...result, snapshot: null },
    ]
    const verdict = { word: 'unknown', reasons: [] } as const
    for (const kind of kinds) {
      const facts = {
        result: kind,
        hub: HUB,
        streams: 2,
        version: '0',
        uptimeSec: 1,
        draining: false,
        verdict,
        timezone: 'UTC',
        numberFormat: 'plain' as const,
      }
      const { panel_push_meta, adaptive_stream } = healthDocument(facts)
      const dossier = dossierDocument(kind, HUB)
      expect(dossier.panel_push_meta).toEqual(panel_push_meta)
      expect('adaptive_stream' in dossier ? dossier.adaptive_stream : undefined).toEqual(adaptive_stream)
      expect(dossier.panel_push_meta).toMatchObject({
        diff_stats: { cycles: 0 },
        timing: {},
        sse_publisher: { events_total: 20, panel_updates: 5, full_snapshots: 4, heartbeats: 3, errors: 2 },
        shared_hashes: { indices: result.board.panels.get('indices')?.hash },
      })
    }
    expect(dossierDocument(withIngest('http://one/events', 'http://two/events'), HUB)).toMatchObject({
      panel_push_meta: {
        sse_events: { panel_full: 4 },
        sources: [{ source: 'http://one/events' }, { source: 'http://two/events' }],
      },
      adaptive_stream: { severity_counts: { info: 2, warn: 0, critical: 4 } },
    })
  })

  test('has members in snake case, but keeps names from the status', async () => {
    const status = {
      ...JSON.parse(await readFile('test/fixtures/status-full.json', 'utf8')),
      performance: { cyclesPerHour: 99 },
      links: { runBook: 'http://a/' },
    }
    const dossier = dossierDocument(resultMaker()(status), null)
    const {
      snapshot,
      panel_hashes: _,
      panel_push_meta: { shared_hashes: __, ...meta },
      ...others
    } = dossier
    const { perf, links, health, analytics, storage, alerts, ...shown } = snapshot ?? {}
    const inCamelCase = JSON.stringify([meta, others, shown]).match(/"[a-z_0-9]+[A-Z]\w*":/g)
    expect(inCamelCase).toBeNull()
    expect(snapshot).toMatchObject({
      cycle: { last_duration_sec: expect.any(Number) },
      indices: [{ dq_pct: expect.any(Number) }, {}, {}, {}],
      perf: { cyclesPerHour: 99 },
      links: { runBook: 'http://a/' },
      analytics: { max_pain: { NIFTY: expect.any(Number) } },
    })
    expect(dossier.origins).toMatchObject({ 'cycle.last_duration_sec': expect.any(String) })
    expect(dossier.statistics).toMatchObject({ unchanged_cycles: 0, hit_ratio_5m: null })
  })
})
