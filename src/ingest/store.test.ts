import { describe, expect, test } from 'vitest'
import { adaptiveStream, followedMeta } from './enrichment.js'
import { MAX_FOLLOW_UPS } from './followups.js'
import { heartbeat, heartbeatLimits } from './heartbeat.js'
import { parseStatusEvent, type StatusEvent } from './parse.js'
import {
  EMPTY_STATE,
  lostEvent,
  MAX_ALERT_TYPES,
  type PanelState,
  receivedBytes,
  reduce,
  wantFull,
} from './store.js'

/** A producer and the state of its follower, with a clock of the test's own. */
function stream(options: { idsAreDense?: boolean } = {}) {
  let state = EMPTY_STATE
  let id = 0
  let nowMs = 1_000_000
  const rig = {
    get state() {
      return state
    },
    apply(event: StatusEvent) {
      return rig.update(current => reduce(current, event, nowMs, options))
    },
    update(change: (current: PanelState) => PanelState) {
      state = change(state)
      return state
    },
    generation: 1,
    streamId: 's1' as string | undefined,
    wait(seconds: number) {
      nowMs += seconds * 1000
    },
    skipId() {
      id++
    },
    restart(streamId: string) {
      id = 0
      rig.streamId = streamId
    },
    send(type: string, payload: unknown, more: Record<string, unknown> = {}) {
      id++
      const envelope = {
        id,
        sequence: id,
        type,
        timestamp: 1,
        generation: rig.generation,
        stream_id: rig.streamId,
        payload,
      }
      return rig.apply(parseStatusEvent(type, JSON.stringify({ ...envelope, ...more })))
    },
    full(status: unknown) {
      return rig.send('panel_full', { status })
    },
    diff(diff: unknown, more: Record<string, unknown> = {}) {
      return rig.send('panel_diff', { diff, ...more })
    },
    heartbeat(intervalSec: number | null = null) {
      return heartbeat(state, nowMs, heartbeatLimits(intervalSec))
    },
    get nowMs() {
      return nowMs
    },
  }
  return rig
}

describe('the baseline', () => {
  test('comes with a full status, is deep-frozen, and moves with each difference', () => {
    const s = stream()
    s.full({ a: { b: 1 } })
    const state = s.diff({ a: { b: 2 } })
    expect(state).toMatchObject({
      baseline: { a: { b: 2 } },
      generation: 1,
      uiGeneration: 2,
      streamId: 's1',
      lastId: 2,
      panelFull: 1,
      panelDiffApplied: 1,
      panelDiffDropped: 0,
      needFull: false,
    })
    expect(Object.isFrozen((state.baseline as { a: object }).a)).toBe(true)
  })

  test('needs no id, generation or stream_id', () => {
    const s = stream()
    s.apply(parseStatusEvent('panel_full', '{"payload": {"status": {"a": 1}}}'))
    s.apply(parseStatusEvent('panel_diff', '{"payload": {"diff": {"a": 2}}}'))
    expect(s.state.baseline).toEqual({ a: 2 })
  })
})

describe('a difference is dropped, and a full status wanted', () => {
  type Rig = ReturnType<typeof stream>
  test.each<[string, string, string, (s: Rig) => void]>([
    ['before any baseline', 'no_baseline', 'no_baseline', s => void s.diff({ a: 2 })],
    [
      'of another generation',
      'generation',
      'generation',
      s => {
        s.full({ a: 1 })
        s.generation = 2
        s.diff({ a: 2 })
      },
    ],
    [
      'after a gap in ids',
      'gap',
      'gap',
      s => {
        s.full({ a: 1 })
        s.skipId()
        s.diff({ a: 2 })
      },
    ],
    [
      'of another stream: the producer has restarted',
      'gap',
      'stream_id',
      s => {
        s.full({ a: 1 })
        s.restart('s2')
        s.diff({ a: 2 })
      },
    ],
    [
      'when it was cut short',
      'truncated',
      'truncated',
      s => {
        s.full({ a: 1 })
        s.diff({ a: 2 }, { truncated: true })
      },
    ],
    [
      'when it cannot be applied',
      'malformed',
      'malformed',
      s => {
        s.full({ a: 1 })
        s.diff({ added: {}, removed: [], changed: {}, nested: { a: 1 } })
      },
    ],
    [
      'when it is none',
      'malformed',
      'malformed',
      s => {
        s.full({ a: 1 })
        s.diff([1])
      },
    ],
  ])('%s', (_, dropped, reason, act) => {
    const s = stream()
    act(s)
    const { state } = s
    expect(state.panelDiffDropped).toBe(1)
    expect(state.droppedBy).toMatchObject({ [dropped]: 1 })
    expect(state).toMatchObject({
      needFull: true,
      needFullReasons: [reason],
      panelDiffApplied: 0,
      inStep: false,
    })
    if (dropped !== 'no_baseline') expect(state.baseline).toEqual({ a: 1 })
    // The chain is broken: the next ones have no baseline either.
    s.diff({ a: 3 })
    expect(s.state.panelDiffDropped).toBe(2)
    // A full status repairs it.
    s.full({ a: 7 })
    s.diff({ a: 8 })
    expect(s.state).toMatchObject({
      baseline: { a: 8 },
      needFull: false,
      needFullReasons: [],
      inStep: true,
    })
  })

  test('an event that is repeated after a reconnection is ignored', () => {
    const s = stream()
    s.full({ n: 0 })
    s.diff({ n: 1 })
    const before = s.state
    s.apply(
      parseStatusEvent(
        'panel_diff',
        JSON.stringify({
          id: 2,
          type: 'panel_diff',
          generation: 1,
          stream_id: 's1',
          payload: { diff: { n: 99 } },
        }),
      ),
    )
    expect(s.state).toEqual(before)
    expect(s.diff({ n: 2 }).baseline).toEqual({ n: 2 })
  })

  test('gaps do not matter when only some types are requested', () => {
    const s = stream({ idsAreDense: false })
    s.full({ a: 1 })
    s.skipId()
    expect(s.diff({ a: 2 })).toMatchObject({ baseline: { a: 2 }, panelDiffDropped: 0 })
  })

  test('a full status can be requested from outside, without losing the baseline', () => {
    const s = stream()
    s.full({ a: 1 })
    s.update(state => wantFull(state, 'operator'))
    s.update(state => wantFull(state, 'operator'))
    expect(s.diff({ a: 2 })).toMatchObject({
      baseline: { a: 2 },
      needFull: true,
      needFullReasons: ['operator'],
    })
    expect(s.full({ a: 3 }).needFull).toBe(false)
  })

  test('a full status is wanted after an event was dropped for its size', () => {
    const s = stream()
    s.full({ a: 1 })
    s.update(state => lostEvent(state, 'too_large'))
    expect(s.diff({ a: 2 })).toMatchObject({
      baseline: { a: 1 },
      needFull: true,
      needFullReasons: ['too_large', 'no_baseline'],
    })
  })
})

describe('bad events', () => {
  test('are counted; only a full status or a difference breaks the chain', () => {
    const s = stream()
    s.full({ a: 1 })
    s.send('severity_counts', { no: 'counts' })
    s.send('severity_state', {})
    s.apply(parseStatusEvent('followup_alert', 'not json'))
    expect(s.state).toMatchObject({ malformed: 3, needFull: false })
    s.apply(parseStatusEvent('panel_diff', '{"id":'))
    expect(s.state).toMatchObject({ malformed: 4, needFull: true, panelDiffDropped: 1 })
    s.full({ a: 1 })
    s.send('panel_full', { status: [1] })
    expect(s.state).toMatchObject({ malformed: 5, needFull: true, baseline: { a: 1 } })
  })

  test('of unknown types are ignored', () => {
    const s = stream()
    s.full({ a: 1 })
    s.send('weather', { rain: true })
    expect(s.diff({ a: 2 })).toMatchObject({ baseline: { a: 2 }, malformed: 0, uiGeneration: 2 })
  })

  test('deeper than 64 are refused', () => {
    const s = stream()
    const deep = JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`)
    expect(s.full(deep)).toMatchObject({ baseline: null, malformed: 1, needFull: true })
  })
})

describe('severity and follow-ups', () => {
  test('keep the newest counts and the state of each alert type, bounded', () => {
    const s = stream()
    s.send('severity_counts', { counts: { info: 1, warn: 2, critical: 3 } })
    expect(s.state.severityCounts).toEqual({ info: 1, warn: 2, critical: 3 })
    for (let i = 0; i < MAX_ALERT_TYPES + 5; i++)
      s.send('severity_state', { alert_type: `t${i}`, active: 'warn' })
    s.send('severity_state', {
      alert_type: 't60',
      active: 'critical',
      counts: { info: 0, warn: 0, critical: 9 },
    })
    const { severityState, severityCounts } = s.state
    expect(severityState.size).toBe(MAX_ALERT_TYPES)
    expect(severityState.has('t4')).toBe(false)
    expect(severityState.get('t60')).toMatchObject({ active: 'critical' })
    expect(severityCounts?.critical).toBe(9)
  })

  test('follow-ups are newest first, in one form, at most 50', () => {
    const s = stream()
    for (let i = 0; i < MAX_FOLLOW_UPS + 3; i++)
      s.send('followup_alert', { message: `m${i}`, ts: i, severity: 'WARN' })
    s.send('followup_alert', {
      alert: { message: 'inner' },
      index: 'NIFTY',
      type: 'drift',
      severity_counts: { info: 0, warn: 1, critical: 0 },
    })
    const { followUps, severityCounts } = s.state
    expect(followUps).toHaveLength(MAX_FOLLOW_UPS)
    expect(followUps[0]).toEqual({
      time: s.nowMs / 1000,
      level: 'info',
      component: 'drift NIFTY',
      message: 'inner',
    })
    expect(followUps[1]).toEqual({ time: 52, level: 'warn', component: 'followup', message: 'm52' })
    expect(severityCounts?.warn).toBe(1)
  })
})

describe('health', () => {
  test('goes from init to ok, warn and stale by the last event, and keep-alives do not help', () => {
    const s = stream()
    expect(s.heartbeat()).toMatchObject({ health: 'init', stale_seconds: null, last_event_epoch: null })
    s.full({})
    s.wait(1)
    s.diff({ a: 1 })
    expect(s.heartbeat()).toEqual({
      last_event_epoch: 1001,
      last_panel_full_epoch: 1000,
      last_panel_diff_epoch: 1001,
      stale_seconds: 0,
      health: 'ok',
      warn_after: 10,
      stale_after: 30,
    })
    s.wait(10)
    expect(s.heartbeat().health).toBe('ok')
    s.wait(0.001)
    s.update(state => receivedBytes(state, s.nowMs))
    expect(s.heartbeat().health).toBe('warn')
    s.wait(20)
    expect(s.heartbeat()).toMatchObject({ health: 'stale' })
    expect(s.state.lastByteMs).toBe(1_011_001)
    s.send('severity_counts', { counts: {} })
    expect(s.heartbeat()).toMatchObject({ health: 'ok', last_panel_diff_epoch: 1001 })
  })

  test('a dropped difference does not count as an event', () => {
    const s = stream()
    s.diff({ a: 1 })
    expect(s.heartbeat().health).toBe('init')
  })

  test('limits follow the interval, or the settings', () => {
    expect(heartbeatLimits(60)).toEqual({ warnAfterSec: 120, staleAfterSec: 180 })
    expect(heartbeatLimits(60, { streamWarnSec: 1, streamStaleSec: 2 })).toEqual({
      warnAfterSec: 1,
      staleAfterSec: 2,
    })
    expect(heartbeatLimits(null, { streamWarnSec: null })).toEqual({ warnAfterSec: 10, staleAfterSec: 30 })
  })
})

test('documents have it under their documented names', () => {
  const s = stream()
  s.full({ a: 1 })
  s.skipId()
  s.diff({ a: 2 })
  s.send('severity_state', { alert_type: 'drift', active: 'warn' })
  s.send('followup_alert', { message: 'm', ts: 5, type: 'drift' })
  const stats = {
    source: 'x',
    connection: 'live',
    error: null,
    state: s.state,
    heartbeat: s.heartbeat(),
  } as const
  expect(followedMeta([stats])).toEqual({
    sse_events: { panel_full: 1, panel_diff_applied: 0, panel_diff_dropped: 1 },
    panel_generation: 1,
    sse_heartbeat: { last_evt: 1000, last_full: 1000, last_diff: null, stale_sec: 0, health: 'ok' },
    need_full: true,
    need_full_reasons: ['gap'],
  })
  expect(adaptiveStream([stats])).toMatchObject({
    severity_counts: null,
    severity_state: { drift: { active: 'warn' } },
    followup_alerts: [{ time: 5, level: 'info', component: 'drift', message: 'm' }],
  })
})
