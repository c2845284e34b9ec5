// The panels that exist only where streams are followed, and panels that come from another server.
import { describe, expect, test } from 'vitest'
import { createPanelBuilder } from '../../src/engine/panel-builder.js'
import type { IngestStats } from '../../src/ingest/enrichment.js'
import { heartbeat } from '../../src/ingest/heartbeat.js'
import { EMPTY_STATE, type PanelState } from '../../src/ingest/store.js'
import { type IngestView, ingestViews } from '../../src/ingest/view.js'
import { blocksFrom } from '../../src/panels/parse-panel.js'
import { DEFAULT_THRESHOLDS } from '../../src/panels/thresholds.js'
import { derive } from '../../src/snapshot/derive.js'

const links = { source: null, metricsUrl: null, streamUrl: null, pageUrl: null }
const around = { thresholds: DEFAULT_THRESHOLDS, timezone: 'UTC', links, nowMs: 0, snapshot: derive({}) }
const panels = (ingest?: readonly IngestView[]) =>
  new Map(
    createPanelBuilder()
      .build({ ...around, ...(ingest === undefined ? {} : { ingest }) })
      .map(panel => [panel.key, panel]),
  )
function stats(state: Partial<PanelState>, more: Partial<IngestStats> = {}): IngestStats {
  const whole = { ...EMPTY_STATE, ...state }
  const limits = { warnAfterSec: 10, staleAfterSec: 30 }
  return {
    source: 'http://h/events',
    connection: 'live',
    error: null,
    state: whole,
    heartbeat: heartbeat(whole, 60_000, limits),
    ...more,
  }
}

describe('the stream panel', () => {
  test('exists only where a stream is followed', () => {
    expect(panels().has('stream')).toBe(false)
    expect(panels([]).has('stream')).toBe(false)
  })

  test('says how the stream is and why a full status is needed', () => {
    const lost = stats(
      {
        generation: 3,
        panelFull: 2,
        panelDiffApplied: 40,
        panelDiffDropped: 1,
        needFull: true,
        needFullReasons: ['gap'],
        lastEventMs: 1_000,
      },
      { connection: 'lost', error: 'no byte for 45000 ms' },
    )
    const panel = panels(ingestViews([lost], [])).get('stream')
    expect(panel?.lines).toEqual([
      'source: http://h/events',
      'connection: lost !!',
      'health: stale !!',
      'generation: 3',
      'full: 2',
      'diffs_applied: 40',
      'diffs_dropped: 1',
      'need_full: gap !',
      'error: no byte for 45000 ms',
    ])
    expect(panel?.tone).toBe('error')
  })

  test('is the same object while only time passes', () => {
    const before = ingestViews([stats({ lastEventMs: 59_000 })], [])
    expect(ingestViews([stats({ lastEventMs: 59_000, lastByteMs: 60_000 })], before)).toBe(before)
    expect(ingestViews([stats({ lastEventMs: 1_000 })], before)).not.toBe(before)
  })
})

describe('the follow-ups panel', () => {
  test('exists only when there are any', () => {
    expect(panels(ingestViews([stats({})], [])).has('followups')).toBe(false)
  })

  test('shows severities, states and the newest follow-ups', () => {
    const state = stats({
      severityCounts: { info: 0, warn: 2, critical: 1 },
      severityState: new Map([
        ['drift', { alert_type: 'drift', active: 'critical' }],
        ['skew', { alert_type: 'skew', active: 'warn', resolved: true }],
      ]),
      followUps: [{ time: 3_600, level: 'warn', component: 'drift NIFTY', message: 'moved' }],
    })
    const panel = panels(ingestViews([state], [])).get('followups')
    expect(panel?.lines.slice(0, 3)).toEqual([
      'by_severity: critical:1 warn:2 info:0',
      'skew: resolved',
      'drift: critical !!',
    ])
    expect(panel?.lines.at(-1)).toMatch(/^01:00:00 \(in the future\) ! +warn ! +drift NIFTY +moved$/)
  })
})

describe('blocks of another server', () => {
  test('stay unchanged when they are valid', () => {
    const blocks = [
      { kind: 'fields', items: [{ label: 'a', text: '1', value: 1, tone: 'warn' }] },
      { kind: 'table', columns: [{ label: 'A', align: 'right', priority: 1 }], rows: [[{ text: 'x' }]] },
      { kind: 'text', text: 't', tone: 'error' },
    ]
    expect(blocksFrom(blocks, [])).toEqual(blocks)
  })

  test('become the lines as text when one of them is invalid', () => {
    const lines = ['a: 1', 'b: 2']
    for (const bad of [
      undefined,
      'text',
      [{ kind: 'plot' }],
      [{ kind: 'text', text: 1 }],
      [{ kind: 'fields', items: [{ label: 'a' }] }],
      [{ kind: 'table', columns: [{ label: 'A' }], rows: [['x']] }],
      [{ kind: 'table', columns: [1], rows: [] }],
    ]) {
      expect(blocksFrom(bad, lines)).toEqual([
        { kind: 'text', text: 'a: 1' },
        { kind: 'text', text: 'b: 2' },
      ])
    }
  })

  test('lose unknown members', () => {
    expect(blocksFrom([{ kind: 'text', text: 't', tone: 'loud', script: 1 }], [])).toEqual([
      { kind: 'text', text: 't' },
    ])
  })
})
