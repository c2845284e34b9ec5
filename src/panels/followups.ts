// Follow-ups: what came beside the status from a followed stream: severities by alert type and the newest follow-ups.
import type { IngestView } from '../ingest/view.js'
import { alertLevel } from '../snapshot/alerts.js'
import { timeMs } from '../snapshot/time.js'
import { severityText } from './alerts.js'
import { field, fields, numberCell, textCell } from './cells.js'
import { definePanel } from './definition.js'
import { timeOfDay } from './format.js'
import type { Block, Cell, Column, Tone } from './panel.js'
import { MESSAGE_WIDTH } from './text.js'

const NEWEST = 15
const STATES = 20

const COLUMNS: readonly Column[] = [
  { label: 'Time', priority: 80 },
  { label: 'Level', priority: 90 },
  { label: 'Component', priority: 70 },
  { label: 'Message', priority: 100 },
]

function toneOf(level: string): Tone {
  const folded = alertLevel(level)
  return folded === 'critical' ? 'error' : folded
}

function hasAny({ followUps, severityCounts, severityState }: IngestView): boolean {
  return followUps.length > 0 || severityCounts !== null || severityState.size > 0
}

function blocks(
  { followUps, severityCounts, severityState }: IngestView,
  timezone: string,
): readonly Block[] {
  const states = [...severityState.values()].reverse().slice(0, STATES)
  const rows = followUps.slice(0, NEWEST).map(({ time, level, component, message }): readonly Cell[] => {
    const atMs = timeMs(time)
    return [
      numberCell(atMs, timeOfDay(atMs, timezone)),
      textCell(level, toneOf(level)),
      textCell(component),
      textCell(message, undefined, MESSAGE_WIDTH),
    ]
  })
  return [
    fields(
      field('by_severity', textCell(severityCounts === null ? null : severityText(severityCounts))),
      ...states.map(({ alert_type: type, active, resolved }) => {
        const level = typeof active === 'string' ? active : active === true ? 'active' : null
        return resolved === true || level === null
          ? field(type, textCell('resolved', 'muted'))
          : field(type, textCell(level, toneOf(level)))
      }),
    ),
    ...(rows.length === 0 ? [] : [{ kind: 'table' as const, columns: COLUMNS, rows }]),
  ]
}

export const followups = definePanel({
  key: 'followups',
  title: 'Follow-ups',
  order: 110,
  stability: 'stable',
  reads: [],
  shown: ({ ingest = [] }) => ingest.some(hasAny),
  build: ({ ingest = [], timezone }) => ingest.filter(hasAny).flatMap(view => blocks(view, timezone)),
})
