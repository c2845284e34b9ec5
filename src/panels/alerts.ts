// Alerts: counts by severity, the newest alerts, counts of those not shown, and computed alerts.
import { alertLevel } from '../snapshot/alerts.js'
import { marketAt } from '../snapshot/market.js'
import type { AlertLevel } from '../snapshot/snapshot.js'
import { type AlertGroup, alertGroups } from './alert-groups.js'
import { field, fields, numberCell, textCell } from './cells.js'
import { computedAlerts } from './computed-alerts.js'
import { always, definePanel } from './definition.js'
import { known } from './facts.js'
import { plainNumber } from './format.js'
import { momentCell, nextPassedMs } from './moment.js'
import type { Block, Cell, Column, Tone } from './panel.js'
import { MESSAGE_WIDTH, shownText } from './text.js'

const NEWEST = 15

const COLUMNS: readonly Column[] = [
  { label: 'Time', priority: 80, unit: 'time' },
  { label: 'Level', priority: 90, role: 'state' },
  { label: 'Component', priority: 70 },
  { label: 'Message', priority: 100, role: 'message' },
]

const TONES: Readonly<Record<AlertLevel, Tone>> = { critical: 'error', warn: 'warn', info: 'info' }
const KNOWN_ORDER: readonly string[] = ['critical', 'warn', 'info'] satisfies AlertLevel[]

function isLevel(name: string): name is AlertLevel {
  return KNOWN_ORDER.includes(name)
}

function rankOf(name: string): number {
  const at = KNOWN_ORDER.indexOf(name)
  return at < 0 ? KNOWN_ORDER.length : at
}

/** `critical:1 warn:2`: known levels worst first, then others by name; null when there are no counts. */
export function severityText(counts: Readonly<Record<string, number>>): string | null {
  const names = Object.keys(counts).sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
  if (names.length === 0) return null
  return names.map(name => `${name}:${plainNumber(counts[name] ?? null)}`).join(' ')
}

function row(
  { atMs, level, component, message, times }: AlertGroup,
  timezone: string,
  nowMs: number,
): readonly Cell[] {
  const shown = textCell(message, undefined, MESSAGE_WIDTH)
  return [
    momentCell(atMs, timezone, nowMs),
    textCell(level, TONES[level]),
    textCell(component),
    times === 1 ? shown : { text: `${shown.text} ×${times}` },
  ]
}

/**
 * The counted alerts that no row shows: older ones, or all when the status gives only counts. Has the tone of the worst, so that
 * a critical alert is visible even where none is listed.
 */
function notShown(counts: Readonly<Record<string, number>>, groups: readonly AlertGroup[]): Block | null {
  const left: Record<string, number> = {}
  let worst: AlertLevel = 'info'
  for (const [name, count] of Object.entries(counts)) {
    const shown = isLevel(name) ? groups.reduce((sum, { levels }) => sum + levels[name], 0) : 0
    if (count <= shown) continue
    left[name] = count - shown
    const level = alertLevel(name)
    if (level === 'critical' || (level === 'warn' && worst === 'info')) worst = level
  }
  const text = severityText(left)
  return text === null ? null : { kind: 'text', text: `not shown: ${shownText(text)}`, tone: TONES[worst] }
}

export const alerts = definePanel({
  key: 'alerts',
  title: 'Alerts',
  order: 50,
  stability: 'stable',
  reads: ['alerts', 'quality', 'market'],
  fedBy: ['alerts', 'events'],
  // Lines that are computed from indices and from trading hours.
  alsoShown: ({ quality, market }) => quality.length > 0 || market.keepsTradingHours || market.state !== null,
  shown: always,
  // Times in the future pass; trading hours begin and end.
  usesNow: true,
  changesAtMs({ snapshot: { alerts: given, market }, nowMs }) {
    const times = given.items.map(({ atMs }) => atMs)
    return Math.min(marketAt(market, nowMs).untilMs, nextPassedMs(times, nowMs))
  },
  build({ snapshot, thresholds, timezone, nowMs }) {
    const { items, total, bySeverity } = snapshot.alerts
    const groups = alertGroups(items, NEWEST)
    const rest = notShown(bySeverity, groups)
    const rows = groups.map(group => row(group, timezone, nowMs))
    return [
      fields(
        field('total', numberCell(total, plainNumber(total))),
        field('by_severity', textCell(severityText(bySeverity))),
      ),
      { kind: 'table', columns: COLUMNS, rows },
      ...(rest === null ? [] : [rest]),
      ...computedAlerts(snapshot, thresholds, nowMs),
    ]
  },
  facts({ snapshot, timezone, nowMs }) {
    const { items, total } = snapshot.alerts
    return known({
      total,
      items: alertGroups(items, NEWEST).map(({ atMs, level, component, message, times }) =>
        known({
          at_ms: atMs,
          time: atMs === null ? null : momentCell(atMs, timezone, nowMs).text,
          level,
          component: component === null ? null : shownText(component) || null,
          message: textCell(message, undefined, MESSAGE_WIDTH).text,
          times,
        }),
      ),
    })
  },
})
