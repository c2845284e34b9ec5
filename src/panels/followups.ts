// Follow-ups: what a followed stream sends in addition to the status: severities by alert type and the newest follow-ups.
import type { IngestView } from '../ingest/view.js'
import { alertLevel } from '../snapshot/alerts.js'
import { timeMs } from '../snapshot/time.js'
import { severityText } from './alerts.js'
import { field, fields, textCell } from './cells.js'
import { definePanel, type PanelContext } from './definition.js'
import { momentCell, nextPassedMs } from './moment.js'
import type { Block, Cell, Column, Tone } from './panel.js'
import { MESSAGE_WIDTH } from './text.js'

const NEWEST = 15
const STATES = 20

const COLUMNS: readonly Column[] = [
  { label: 'Time', priority: 80, unit: 'time' },
  { label: 'Level', priority: 90, role: 'state' },
  { label: 'Component', priority: 70 },
  { label: 'Message', priority: 100, role: 'message' },
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
  { timezone, sourceZone, nowMs }: Pick<PanelContext, 'timezone' | 'sourceZone' | 'nowMs'>,
): readonly Block[] {
  const states = [...severityState.values()].reverse().slice(0, STATES)
  const rows = followUps.slice(0, NEWEST).map(({ time, level, component, message }): readonly Cell[] => {
    return [
      momentCell(timeMs(time, sourceZone), timezone, nowMs),
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
  // A time in the future is marked until then.
  usesNow: true,
  changesAtMs({ ingest = [], sourceZone, nowMs }) {
    const shown = ingest.flatMap(({ followUps }) => followUps.slice(0, NEWEST))
    return nextPassedMs(
      shown.map(({ time }) => timeMs(time, sourceZone)),
      nowMs,
    )
  },
  build: context => (context.ingest ?? []).filter(hasAny).flatMap(view => blocks(view, context)),
})
