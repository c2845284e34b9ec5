// Performance: the metrics of the status, its data provider, and the health of its components.
import type { Provider, Snapshot } from '../snapshot/snapshot.js'
import { field, fields, moreBlocks, namedNumbers, numberCell, textCell } from './cells.js'
import { always, definePanel, type PanelContext } from './definition.js'
import { factId, known } from './facts.js'
import { fixed, plainNumber } from './format.js'
import { backedOffRecently, highIsBad } from './judge.js'
import { MOMENT, momentCell, nextPassedMs } from './moment.js'
import type { Block, Cell, Column, Field } from './panel.js'
import { stateTone } from './state-words.js'
import { shownText } from './text.js'

const HEALTH_COLUMNS: readonly Column[] = [
  { label: 'Component', priority: 90 },
  { label: 'State', priority: 100, role: 'state' },
]

/** In lines `api_ms=88.40`: so the texts have always been. */
function metricFields(perf: Snapshot['perf']): Block[] {
  const items = Object.keys(perf)
    .sort()
    .map(name => {
      const value = perf[name] ?? null
      return field(name, numberCell(value, fixed(value, 2)), { fact: factId('metrics', shownText(name)) })
    })
  return items.length === 0 ? [] : [{ kind: 'fields', items, separator: '=' }]
}

function authCell({ authValid, authExpiryMs }: Provider, nowMs: number): Cell | null {
  if (authValid === false) return textCell('invalid', 'error')
  if (authExpiryMs !== null && authExpiryMs <= nowMs) return textCell('expired', 'error')
  return authValid === true ? textCell('valid') : null
}

function providerFields({ snapshot, thresholds, timezone, nowMs }: PanelContext<'provider'>): Block {
  const { provider } = snapshot
  const { name, status, latencyMs, lastBackoffMs } = provider
  const latencyTone = highIsBad(
    latencyMs,
    thresholds['provider.latency.warn_ms'],
    thresholds['provider.latency.error_ms'],
  )
  const items: Field[] = [
    field('provider', textCell(name)),
    field('latency_ms', numberCell(latencyMs, plainNumber(latencyMs), latencyTone), {
      unit: 'ms',
      fact: 'latency_ms',
    }),
  ]
  if (status !== null) items.push(field('provider_status', textCell(status, stateTone(status))))
  const auth = authCell(provider, nowMs)
  if (auth !== null) items.push(field('auth', auth))
  if (backedOffRecently(lastBackoffMs, nowMs, thresholds)) {
    const cell = momentCell(lastBackoffMs, timezone, nowMs)
    items.push(field('backoff', { ...cell, tone: 'warn' }, MOMENT))
  }
  return fields(...items)
}

export const perfstore = definePanel({
  key: 'perfstore',
  title: 'Performance',
  order: 80,
  stability: 'stable',
  reads: ['perf', 'provider', 'health', 'omitted'],
  fedBy: [
    'performance',
    'perf',
    'provider',
    'providers',
    'health',
    'components',
    'options_per_minute',
    'options_last_cycle',
    'api_success_rate',
  ],
  shown: always,
  // Whether a backoff is recent and an authorisation has expired depends on the time.
  usesNow: true,
  changesAtMs({ snapshot, thresholds, nowMs }) {
    const { authExpiryMs, lastBackoffMs } = snapshot.provider
    const backoffEndsMs = lastBackoffMs === null ? null : lastBackoffMs + thresholds['backoff.badge_ms']
    const ahead = [authExpiryMs, lastBackoffMs, backoffEndsMs].filter(atMs => atMs !== null && atMs >= nowMs)
    return Math.min(...ahead.map(Number), nextPassedMs([lastBackoffMs], nowMs))
  },
  build(context) {
    const { perf, health, omitted } = context.snapshot
    const rows = Object.entries(health).map(([name, state]) => [
      textCell(name),
      textCell(state, stateTone(state)),
    ])
    return [
      ...metricFields(perf),
      ...moreBlocks(omitted.performance ?? 0, 'metrics'),
      providerFields(context),
      { kind: 'table', columns: HEALTH_COLUMNS, rows },
      ...moreBlocks(omitted.health ?? omitted.components ?? 0, 'components'),
    ]
  },
  facts: ({ snapshot: { perf, provider } }) =>
    known({ latency_ms: provider.latencyMs, metrics: namedNumbers(perf) }),
})
