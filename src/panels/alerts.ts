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
/** Levels that the count of alerts that are not listed names. */
const MAX_NAMED = 4
const NAME_WIDTH = 20

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

/** Known levels worst first, then others by name. */
function levelsOf(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.keys(counts).sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
}

/** `critical:1 warn:2`; null when there are no counts. */
export function severityText(counts: Readonly<Record<string, number>>): string | null {
  const names = levelsOf(counts)
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
  const text = notListedText(left)
  return text === null ? null : { kind: 'text', text, tone: TONES[worst] }
}

/** `1 critical, 3 warn and 2 other alerts not listed`, worst first; null when there are none. */
function notListedText(counts: Readonly<Record<string, number>>): string | null {
  const total = sumOf(Object.values(counts))
  if (total === 0) return null
  const names = levelsOf(counts)
  const named = names.slice(0, names.length > MAX_NAMED ? MAX_NAMED - 1 : MAX_NAMED)
  const parts = named.map(name => `${plainNumber(counts[name] ?? null)} ${shownText(name, NAME_WIDTH)}`)
  const others = total - sumOf(named.map(name => counts[name] ?? 0))
  if (others > 0) parts.push(`${plainNumber(others)} other`)
  const last = parts.pop() ?? ''
  const list = parts.length === 0 ? last : `${parts.join(', ')} and ${last}`
  return `${list} ${total === 1 ? 'alert' : 'alerts'} not listed`
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0)

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
