// Each thing the parts tell must arrive at the metric that operators know it by, and at no other.

import { describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import type { SourceState } from '../engine/cycle.js'
import type { Loop } from '../engine/loop.js'
import { Statistics } from '../engine/statistics.js'
import type { HubStats } from '../hub/hub-types.js'
import { heartbeat } from '../ingest/heartbeat.js'
import { EMPTY_STATE } from '../ingest/store.js'
import { createMetrics, type Metrics } from '../metrics/metrics.js'
import type { Panel } from '../panels/panel.js'
import type { StatusStats } from '../protocol/status-events.js'
import {
  httpObserver,
  hubObserver,
  ingestObserver,
  loopObserver,
  readFacts,
  readHub,
  readIngest,
  readSource,
} from './bind-metrics.js'
import { chatObserver } from './chat-metrics.js'

/** The samples over 0 that are there after `act` and were not before, histograms by their sum. */
async function changedBy(act: (metrics: Metrics) => void): Promise<readonly string[]> {
  const metrics = createMetrics({ extended: true, processDefaults: false, version: '0', node: 'v20' })
  const samples = async () =>
    (await metrics.text()).body
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#') && !/_(bucket|count)(\{| )| 0$/.test(line))
  const before = new Set(await samples())
  act(metrics)
  return (await samples()).filter(line => !before.has(line)).sort()
}

const makeBoard = boardMaker()
const before = makeBoard(textPanel('a', '1'), textPanel('b', '1'))
const board = makeBoard(textPanel('a', '2'), textPanel('b', '1'))

const AT_MS = 1_700_000_000_000
const clock = { nowMs: () => AT_MS, monotonicMs: () => 0 }
const state = { ...EMPTY_STATE, lastEventMs: AT_MS - 12_000, panelFull: 2, panelDiffApplied: 5 }
const followed = {
  source: 'http://x',
  connection: 'live' as const,
  error: null,
  state,
  heartbeat: heartbeat(state, AT_MS, { warnAfterSec: 10, staleAfterSec: 30 }),
}

const FRESH: SourceState = { state: 'fresh', ageSec: 3, changedAtMs: 1, error: null, tooOld: false }

function loopStats() {
  const statistics = new Statistics(0)
  // Half of the panels changed: over 0.4, and so an anomaly.
  statistics.cycle(before, board, 0.4, 0)
  return statistics.snapshot(2, [followed])
}

const latest = { board, snapshot: null, reading: null, source: FRESH, stats: loopStats() }
const HUB: HubStats = {
  clients: 2,
  behind: 1,
  eventsTotal: 9,
  byType: {},
  eventsSent: 30,
  eventsMerged: 4,
  bytesSent: 500,
  stalled: 0,
  resumed: { resumed: 0, epoch: 0, ahead: 0, subset: 0, malformed: 0 },
}
const STATUS_HUB: StatusStats = {
  stream_id: 's',
  generation: 1,
  last_id: 1,
  latest_id: 1,
  oldest_id: 0,
  clients: 5,
  consumers: 5,
  behind: 0,
  events_total: 1,
  by_type: {},
  types: {},
  coalesced: {},
  events_sent: 3,
  events_merged: 2,
  bytes_sent: 50,
  backlog: 0,
  highwater: 0,
  max_events: 2048,
  history: { events: 0, bytes: 0, oldest_id: null },
  forced_full_last: {},
}
const loop: Pick<Loop, 'latest' | 'sourceNow' | 'verdictNow'> = {
  latest,
  sourceNow: () => FRESH,
  verdictNow: () => ({ word: 'attention', reasons: [] }),
}

const REPORTED: readonly (readonly [
  what: string,
  act: (metrics: Metrics) => void,
  samples: readonly string[],
])[] = [
  [
    'an event of the stream',
    m => hubObserver(m).onEvent?.('hello', 100),
    [
      'g6_sse_event_size_bytes_sum{type="hello"} 100',
      'g6_sse_events_total{type="hello"} 1',
      'g6_sse_http_event_size_bytes_sum{type="hello"} 100',
    ],
  ],
  [
    'a panel with its readers',
    m => hubObserver(m).onPanelSent?.('a', 0.5),
    [
      'g6_sse_flush_seconds_sum{panel="a"} 0.5',
      'g6_sse_http_event_queue_latency_seconds_sum{panel="a"} 0.5',
      'g6_sse_panel_update_latency_sec_sum{panel="a"} 0.5',
      'g6_sse_pub_emit_latency_seconds_sum{panel="a"} 0.5',
    ],
  ],
  [
    'a panel published',
    m => hubObserver(m).onPanelUpdate?.('a'),
    ['g6_sse_panel_updates_total{panel="a"} 1'],
  ],
  ['structured panels', m => hubObserver(m).onStructured?.(3), ['g6_sse_structured_updates_total 3']],
  ['a panel cut', m => hubObserver(m).onPanelCut?.(), ['g6_sse_http_security_events_dropped_total 1']],
  [
    'an encoding',
    m => hubObserver(m).onEncode?.(0.25),
    [
      'g6_sse_pub_diff_build_seconds_sum 0.25',
      'g6_sse_serialize_seconds_sum 0.25',
      'g6_summary_sse_subset_build_seconds_sum 0.25',
    ],
  ],
  ['a reader that comes', m => hubObserver(m).onJoin?.(), ['g6_sse_http_connections_total 1']],
  ['one that resumes', m => hubObserver(m).onResume?.('ahead'), ['g6_sse_resumed_total{result="ahead"} 1']],
  [
    'one that leaves',
    m => hubObserver(m).onLeave?.('client', 7),
    [
      'g6_sse_connection_duration_sec_sum 7',
      'g6_sse_http_connection_duration_seconds_sum 7',
      'g6_sse_http_disconnects_total{reason="client"} 1',
    ],
  ],
  [
    'one that was stalled',
    m => hubObserver(m).onLeave?.('stalled', 0),
    ['g6_sse_client_stalled_total 1', 'g6_sse_http_disconnects_total{reason="stalled"} 1'],
  ],
  [
    'what hubs and connections count',
    m => {
      const counts = { board: 2, status: 5, chat: 4 }
      const connections = { streams: 7, count: (kind: keyof typeof counts) => counts[kind] }
      return readHub(m, connections, { stats: () => HUB }, { stats: () => STATUS_HUB })
    },
    [
      'g6_connections{kind="board"} 2',
      'g6_connections{kind="chat"} 4',
      'g6_connections{kind="status"} 5',
      'g6_sse_bytes_total 550',
      'g6_sse_clients_gauge 7',
      'g6_sse_http_active_connections 7',
      'g6_sse_http_events_dropped_total 6',
      'g6_sse_http_events_sent_total 33',
    ],
  ],
  [
    'a cycle',
    m => loopObserver(m).onCycle?.(latest, 0.125),
    [
      'g6_summary_diff_hit_ratio 0.5',
      'g6_summary_panel_churn_anomalies_total 1',
      'g6_summary_panel_churn_ratio 0.5',
      'g6_summary_panel_high_churn_streak 1',
      'g6_summary_panel_updates_last 1',
      'g6_summary_panel_updates_total{panel="a"} 1',
      'g6_unified_cycle_duration_seconds_sum 0.125',
      'g6_unified_cycle_total 1',
      `g6_unified_last_cycle_timestamp ${board.builtAtMs / 1000}`,
    ],
  ],
  [
    'a snapshot',
    m => loopObserver(m).onDerived?.(0.5),
    ['g6_summary_snapshot_build_seconds_sum 0.5', 'g6_unified_snapshot_build_seconds_sum 0.5'],
  ],
  [
    'an output',
    m => loopObserver(m).onOutput?.('files', 0.5),
    ['g6_unified_plugin_process_seconds_sum{plugin="files"} 0.5'],
  ],
  [
    'an output that failed',
    m => loopObserver(m).onOutputFailed?.('files', new Error('no')),
    ['g6_unified_plugin_exceptions_total{plugin="files"} 1'],
  ],
  [
    'a bad reading',
    m => loopObserver(m).onReading?.({ ok: false, error: 'missing', message: '', readAtMs: 0 }),
    ['g6_unified_errors_total{kind="missing"} 1'],
  ],
  ['a fault of a cycle', m => loopObserver(m).onFault?.(null), ['g6_unified_errors_total{kind="cycle"} 1']],
  [
    'how the source is',
    m => readSource(m, loop),
    ['g6_status_age_seconds 3', 'g6_status_state{state="fresh"} 1', 'g6_verdict{word="attention"} 1'],
  ],
  [
    'a followed event',
    m => ingestObserver(m).onEvent?.('panel_full'),
    ['g6_sse_ingestor_events_total{type="panel_full"} 1'],
  ],
  [
    'a fault of a followed stream',
    m => ingestObserver(m).onError?.('timeout'),
    ['g6_sse_ingestor_errors_total{kind="timeout"} 1'],
  ],
  [
    'a reconnect',
    m => ingestObserver(m).onReconnect?.('ended'),
    ['g6_sse_reconnects_total{reason="ended"} 1'],
  ],
  ['an event applied', m => ingestObserver(m).onApplied?.(0.5), ['g6_sse_ingestor_apply_seconds_sum 0.5']],
  ['a wait', m => ingestObserver(m).onBackoff?.(2), ['g6_sse_backoff_seconds_sum 2']],
  [
    'how a followed stream is',
    m => readIngest(m, loop, clock),
    [
      'g6_sse_apply_diff_total 5',
      'g6_sse_apply_full_total 2',
      'g6_sse_heartbeat_health 2',
      'g6_sse_heartbeat_stale_seconds 12',
    ],
  ],
  [
    'a refusal',
    m => httpObserver(m).onRejected?.('cap'),
    ['g6_sse_http_rejected_connections_total{reason="cap"} 1'],
  ],
  ['a resync', m => httpObserver(m).onResync?.(), ['g6_sse_resync_requests_total 1']],
  [
    'tokens of an answer',
    m => chatObserver(m).onTokens?.(3, 250),
    ['g6_chat_inter_token_seconds_sum 0.25', 'g6_chat_tokens_total 3'],
  ],
  ['a token relayed', m => chatObserver(m).onRelayed?.(500), ['g6_chat_relay_overhead_seconds_sum 0.5']],
  ['a first token', m => chatObserver(m).onFirstToken?.(500), ['g6_chat_first_token_seconds_sum 0.5']],
  [
    'an answer that ended',
    m => chatObserver(m).onStreamEnd?.('complete', 2_000),
    ['g6_chat_stream_duration_seconds_sum 2', 'g6_chat_streams_total{reason="complete"} 1'],
  ],
  [
    'a fault of the upstream',
    m => chatObserver(m).onUpstreamError?.('upstream_cut'),
    ['g6_chat_upstream_errors_total{kind="upstream_cut"} 1'],
  ],
  ['another try', m => chatObserver(m).onRetry?.(), ['g6_chat_upstream_retries_total 1']],
  ['an unknown frame', m => chatObserver(m).onUnknownFrame?.(), ['g6_chat_upstream_unknown_frames_total 1']],
  ['an answer', m => chatObserver(m).onAnswer?.(200), ['g6_chat_requests_total{status="200"} 1']],
  [
    'an answer resumed',
    m => chatObserver(m).onResume?.('resumed'),
    ['g6_chat_resumes_total{result="resumed"} 1'],
  ],
  ['a question too many', m => chatObserver(m).onRateLimited?.(), ['g6_chat_rate_limited_total 1']],
]

describe('what the parts tell', () => {
  test.each(REPORTED)('%s moves its metrics and no other', async (_, act, samples) => {
    expect(await changedBy(act)).toEqual(samples)
  })
})

describe('numbers of the board', () => {
  const shownBy = async (
    panels: readonly Panel[],
    { isWanted = true, state = 'fresh' }: { isWanted?: boolean; state?: SourceState['state'] } = {},
  ) => {
    const metrics = createMetrics({ extended: false, processDefaults: false, version: '0', node: 'v20' })
    let shown = panels
    let source = state
    readFacts(
      metrics,
      {
        get latest() {
          return { ...latest, board: boardMaker()(...shown) }
        },
        sourceNow: () => ({ ...FRESH, state: source }),
      },
      () => isWanted,
    )
    const samples = async () =>
      (await metrics.text()).body.split('\n').filter(line => line.startsWith('g6_fact'))
    return {
      samples,
      show: (...next: readonly Panel[]) => {
        shown = next
      },
      become: (next: SourceState['state']) => {
        source = next
      },
    }
  }
  const cpu = {
    ...textPanel('resources', 'x'),
    facts: { cpu_pct: 12.5, host: 'a', ok: true, gone: [{ n: 1 }] },
  }
  const names = { ...textPanel('indices', 'x'), facts: { 'A/B': { ltp: 5 } } }

  test('are gauges by the ids of their facts; texts, flags and lists are none', async () => {
    const { samples } = await shownBy([cpu, names])
    expect(await samples()).toEqual([
      'g6_fact{id="resources.cpu_pct"} 12.5',
      'g6_fact{id="indices.A%2FB.ltp"} 5',
      'g6_facts_left_out 0',
    ])
  })

  test('go with their panel, and while nobody knows them', async () => {
    const { samples, show, become } = await shownBy([cpu, names])
    show(names)
    expect(await samples()).toEqual(['g6_fact{id="indices.A%2FB.ltp"} 5', 'g6_facts_left_out 0'])
    for (const state of ['stale', 'missing', 'not_json'] as const) {
      become(state)
      expect(await samples()).toEqual(['g6_facts_left_out 0'])
    }
    become('closed')
    expect(await samples()).toHaveLength(2)
  })

  test('are at most 512, whatever came before, and the others are counted', async () => {
    const many = (prefix: string) => ({
      ...textPanel('perfstore', 'x'),
      facts: Object.fromEntries(Array.from({ length: 600 }, (__, i) => [`${prefix}${i}`, i])),
    })
    const { samples, show } = await shownBy([many('a')])
    expect(await samples()).toHaveLength(513)
    show(many('b'))
    const shown = await samples()
    expect(shown).toHaveLength(513)
    expect(shown[511]).toBe('g6_fact{id="perfstore.b511"} 511')
    expect(shown.at(-1)).toBe('g6_facts_left_out 88')
  })

  test('are absent unless they are asked for', async () => {
    const { samples } = await shownBy([cpu], { isWanted: false })
    expect(await samples()).toEqual([])
  })
})
