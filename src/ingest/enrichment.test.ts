import { describe, expect, test } from 'vitest'
import { adaptiveStream, followedMeta, type IngestStats } from './enrichment.js'
import { heartbeat, heartbeatLimits } from './heartbeat.js'
import { EMPTY_STATE, type PanelState } from './store.js'

const NOW_MS = 1_000_000

/** A stream whose last event is this old. */
function followed(source: string, heardSecAgo: number | null, state: Partial<PanelState> = {}): IngestStats {
  const lastEventMs = heardSecAgo === null ? null : NOW_MS - heardSecAgo * 1000
  const whole = { ...EMPTY_STATE, ...state, lastEventMs }
  return {
    source,
    connection: 'live',
    error: null,
    state: whole,
    heartbeat: heartbeat(whole, NOW_MS, heartbeatLimits(null)),
  }
}

const one = followed('http://one/events', 1, {
  panelFull: 1,
  panelDiffApplied: 10,
  panelDiffDropped: 100,
  generation: 5,
  severityCounts: { info: 1, warn: 2, critical: 3 },
  severityState: new Map([['drift', { alert_type: 'drift', active: 'warn' }]]),
  followUps: [{ time: 1, level: 'warn', component: 'a', message: 'first' }],
})
const two = followed('http://two/events', 20, {
  panelFull: 2,
  panelDiffApplied: 20,
  panelDiffDropped: 200,
  generation: 9,
  needFull: true,
  needFullReasons: ['gap'],
  severityCounts: { info: 10, warn: 20, critical: 30 },
  severityState: new Map([
    ['drift', { alert_type: 'drift', active: 'critical' }],
    ['load', { alert_type: 'load', active: 'info' }],
  ]),
  followUps: [{ time: 2, level: 'info', component: 'b', message: 'second' }],
})

describe('several followed streams', () => {
  test('are summarised: sums of the counts, the worst heartbeat, every reason', () => {
    expect(followedMeta([one, two])).toMatchObject({
      sse_events: { panel_full: 3, panel_diff_applied: 30, panel_diff_dropped: 300 },
      panel_generation: 5,
      sse_heartbeat: { health: 'warn', stale_sec: 20 },
      need_full: true,
      need_full_reasons: ['gap'],
    })
  })

  test('are also listed, each as it would be shown alone', () => {
    expect(followedMeta([one, two])?.sources).toEqual([
      { source: 'http://one/events', connection: 'live', ...followedMeta([one]) },
      { source: 'http://two/events', connection: 'live', ...followedMeta([two]) },
    ])
    expect(adaptiveStream([one, two])?.sources).toEqual([
      { source: 'http://one/events', ...adaptiveStream([one]) },
      { source: 'http://two/events', ...adaptiveStream([two]) },
    ])
  })

  test('have their severities added up and their follow-ups concatenated', () => {
    expect(adaptiveStream([one, two])).toMatchObject({
      severity_counts: { info: 11, warn: 22, critical: 33 },
      severity_state: { drift: { active: 'warn' }, load: { active: 'info' } },
      followup_alerts: [{ message: 'first' }, { message: 'second' }],
    })
    expect(adaptiveStream([followed('http://three/events', 1), two])?.severity_counts).toEqual(
      two.state.severityCounts,
    )
  })

  test.each([
    ['stale', [1, 40, 20]],
    ['warn', [20, 1, null]],
    ['init', [1, null]],
    ['ok', [1, 2]],
  ] as const)('are %s together when heard %j seconds ago', (health, heard) => {
    const streams = heard.map((ago, i) => followed(`http://${i}/events`, ago))
    expect(followedMeta(streams)?.sse_heartbeat.health).toBe(health)
  })
})

test('one stream has no list of sources; without a stream there is no summary', () => {
  expect(followedMeta([one])).not.toHaveProperty('sources')
  expect(adaptiveStream([one])).not.toHaveProperty('sources')
  expect([followedMeta([]), adaptiveStream([])]).toEqual([null, null])
})
