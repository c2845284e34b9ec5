// Storage: how far writing is behind, and what each sink says of itself.

import type { SinkValues } from '../snapshot/snapshot.js'
import { timeMs } from '../snapshot/time.js'
import { field, fields, numberCell, textCell } from './cells.js'
import { always, definePanel } from './definition.js'
import { plainNumber, timeOfDay } from './format.js'
import type { Cell, Column, Tone } from './panel.js'
import { flagTone, namesAState, stateTone } from './state-words.js'

const COLUMNS: readonly Column[] = [
  { label: 'Sink', priority: 90 },
  { label: 'Metric', priority: 80 },
  { label: 'Value', align: 'right', priority: 100 },
]

/** What is wrong by its name alone: counted errors, a connection that is not healthy, a state word. */
function toneOfValue(metric: string, value: string | number | boolean): Tone | undefined {
  if (typeof value === 'number' && /error|fail/.test(metric) && value > 0) return 'warn'
  if (typeof value === 'boolean') {
    const tone = flagTone(metric, value)
    return tone === 'ok' ? undefined : tone
  }
  return typeof value === 'string' && namesAState(metric) ? stateTone(value) : undefined
}

function valueCell(metric: string, value: string | number | boolean, timezone: string): Cell {
  const tone = toneOfValue(metric, value)
  if (typeof value === 'number') return numberCell(value, plainNumber(value), tone)
  if (typeof value === 'boolean') return textCell(value ? 'yes' : 'no', tone)
  const atMs = timeMs(value)
  return atMs === null ? textCell(value, tone) : numberCell(atMs, timeOfDay(atMs, timezone))
}

function sinkRows(name: string, values: SinkValues, timezone: string): (readonly Cell[])[] {
  return Object.entries(values ?? {}).map(([metric, value]) => [
    textCell(name),
    textCell(metric),
    valueCell(metric, value, timezone),
  ])
}

export const storage = definePanel({
  key: 'storage',
  title: 'Storage',
  order: 70,
  stability: 'stable',
  reads: ['storage'],
  shown: always,
  build({ snapshot, timezone }) {
    const { lag, queueDepth, lastFlushAgeSec, csv, influxdb, backup } = snapshot.storage
    return [
      fields(
        field('lag', numberCell(lag, plainNumber(lag))),
        field('queue_depth', numberCell(queueDepth, plainNumber(queueDepth))),
        field('last_flush_age_sec', numberCell(lastFlushAgeSec, plainNumber(lastFlushAgeSec))),
      ),
      {
        kind: 'table',
        columns: COLUMNS,
        rows: [
          ...sinkRows('CSV', csv, timezone),
          ...sinkRows('InfluxDB', influxdb, timezone),
          ...sinkRows('backup', backup, timezone),
        ],
      },
    ]
  },
})
