// Storage: how far writing lags behind, and the values of each sink.
import type { SinkValues, Snapshot } from '../snapshot/snapshot.js'
import { timeMs } from '../snapshot/time.js'
import type { SourceZone } from '../snapshot/zone.js'
import { field, fields, moreBlocks, numberCell, textCell } from './cells.js'
import { always, definePanel, type PanelContext } from './definition.js'
import { known } from './facts.js'
import { plainNumber, timeOfDay } from './format.js'
import { MOMENT, momentCell, nextPassedMs } from './moment.js'
import type { Cell, Column, Tone } from './panel.js'
import { flagTone, namesAState, stateTone } from './state-words.js'

const COLUMNS: readonly Column[] = [
  { label: 'Sink', priority: 90 },
  { label: 'Metric', priority: 80 },
  { label: 'Value', align: 'right', priority: 100, role: 'state' },
]

/** The tone that the name of a value implies: error counts, unhealthy connections, state words. */
function toneOfValue(metric: string, value: string | number | boolean): Tone | undefined {
  if (typeof value === 'number' && /error|fail/.test(metric) && value > 0) return 'warn'
  if (typeof value === 'boolean') {
    const tone = flagTone(metric, value)
    return tone === 'ok' ? undefined : tone
  }
  return typeof value === 'string' && namesAState(metric) ? stateTone(value) : undefined
}

/** Names of times that may lie in the future; all other times are in the past. */
const PLANNED = /next|expir|until|due|schedul|plan/i

/** A sink's time. Only text counts: a number may be anything. */
function timeOf(value: string | number | boolean, sourceZone: SourceZone = null): number | null {
  return typeof value === 'string' ? timeMs(value, sourceZone) : null
}

function valueCell(metric: string, value: string | number | boolean, context: PanelContext<'storage'>): Cell {
  const { timezone, sourceZone, nowMs } = context
  const tone = toneOfValue(metric, value)
  if (typeof value === 'number') return numberCell(value, plainNumber(value), tone)
  if (typeof value === 'boolean') return textCell(value ? 'yes' : 'no', tone)
  const atMs = timeOf(value, sourceZone)
  if (atMs === null) return textCell(value, tone)
  const isPlanned = PLANNED.test(metric)
  const moment = isPlanned ? numberCell(atMs, timeOfDay(atMs, timezone)) : momentCell(atMs, timezone, nowMs)
  return { ...moment, ...MOMENT }
}

function sinkRows(name: string, values: SinkValues, context: PanelContext<'storage'>): (readonly Cell[])[] {
  return Object.entries(values ?? {}).map(([metric, value]) => [
    textCell(name),
    textCell(metric),
    valueCell(metric, value, context),
  ])
}

/** Of all sinks: only their paths begin so. */
function omittedOf(omitted: Snapshot['omitted']): number {
  let sum = 0
  for (const [path, count] of Object.entries(omitted)) if (path.startsWith('sinks.')) sum += count
  return sum
}

function moments({ csv, influxdb, backup }: Snapshot['storage'], sourceZone?: SourceZone): (number | null)[] {
  return [csv, influxdb, backup].flatMap(values =>
    Object.values(values ?? {}).map(value => timeOf(value, sourceZone)),
  )
}

export const storage = definePanel({
  key: 'storage',
  title: 'Storage',
  order: 70,
  stability: 'stable',
  reads: ['storage', 'omitted'],
  fedBy: ['storage', 'sinks'],
  shown: always,
  // A time in the future is marked until then.
  usesNow: true,
  changesAtMs: ({ snapshot, sourceZone, nowMs }) =>
    nextPassedMs(moments(snapshot.storage, sourceZone), nowMs),
  build(context) {
    const { snapshot } = context
    const { lag, queueDepth, lastFlushAgeSec, csv, influxdb, backup } = snapshot.storage
    return [
      fields(
        field('lag', numberCell(lag, plainNumber(lag)), { fact: 'lag' }),
        field('queue_depth', numberCell(queueDepth, plainNumber(queueDepth)), { fact: 'queue_depth' }),
        field('last_flush_age_sec', numberCell(lastFlushAgeSec, plainNumber(lastFlushAgeSec)), {
          unit: 's',
          fact: 'last_flush_age_sec',
        }),
      ),
      {
        kind: 'table',
        columns: COLUMNS,
        rows: [
          ...sinkRows('CSV', csv, context),
          ...sinkRows('InfluxDB', influxdb, context),
          ...sinkRows('backup', backup, context),
        ],
      },
      ...moreBlocks(omittedOf(snapshot.omitted), 'values of sinks'),
    ]
  },
  facts({ snapshot: { storage: of } }) {
    return known({ lag: of.lag, queue_depth: of.queueDepth, last_flush_age_sec: of.lastFlushAgeSec })
  },
})
