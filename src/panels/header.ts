// Overview: what runs, where, and whether the market is open.
import { marketAt } from '../snapshot/market.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { field, fields, numberCell, textCell } from './cells.js'
import { always, definePanel } from './definition.js'
import { COMPUTED, known } from './facts.js'
import { duration, MISSING, plainNumber, timeOfDay, weekday } from './format.js'
import { namesOf } from './indices.js'
import { MOMENT, momentCell, nextPassedMs } from './moment.js'
import type { Block, Cell, Field } from './panel.js'
import { shownText } from './text.js'

/** `09:15:00`, or `Mon 09:15:00 (computed)`. */
export function nextOpenText(nextOpenMs: number, isComputed: boolean, timezone: string): string {
  const text = timeOfDay(nextOpenMs, timezone)
  return isComputed ? `${weekday(nextOpenMs, timezone)} ${text}${COMPUTED}` : text
}

function nextOpenCell(nextOpenMs: number | null, isComputed: boolean, timezone: string): Cell {
  if (nextOpenMs === null) return { text: MISSING }
  return numberCell(nextOpenMs, nextOpenText(nextOpenMs, isComputed, timezone))
}

/** The start time of the collector, which does not change; its uptime only where the status gives no start time. */
function startFields({ uptimeSec, startedAtMs }: Snapshot['app'], timezone: string, nowMs: number): Field[] {
  if (startedAtMs !== null) return [field('started', momentCell(startedAtMs, timezone, nowMs), MOMENT)]
  return uptimeSec === null
    ? []
    : [field('uptime', numberCell(uptimeSec, duration(uptimeSec)), { unit: 's' })]
}

/** Empty while all values of the status can be read. */
function wrongTypes({ count, first }: Snapshot['wrongTypes']): Block[] {
  if (first === null) return []
  const text = `${count} ${count === 1 ? 'value' : 'values'} of a wrong type, e.g. ${textCell(first).text}`
  return [{ kind: 'text', text, tone: 'warn' }]
}

/** Faults of numbers in the text of the document, a line each. */
function dataWarnings(warnings: Snapshot['dataWarnings']): Block[] {
  return warnings.map(text => ({ kind: 'text', text, tone: 'warn' }))
}

export const header = definePanel({
  key: 'header',
  title: 'Overview',
  order: 10,
  stability: 'stable',
  reads: ['app', 'market', 'cycle', 'indices', 'config', 'wrongTypes', 'dataWarnings'],
  fedBy: [
    'app',
    'version',
    'uptime',
    'uptime_sec',
    'market',
    'market_open',
    'equity_market_open',
    'next_market_open',
    'config',
    'indices',
    'symbols',
    'indices_detail',
    'indices_info',
    'cycle',
    'loop',
    'last_cycle',
  ],
  alsoShown: ({ wrongTypes: { first }, dataWarnings: warnings }) => first !== null || warnings.length > 0,
  shown: always,
  // Trading hours begin and end.
  usesNow: true,
  changesAtMs({ snapshot: { app, market }, nowMs }) {
    return Math.min(marketAt(market, nowMs).untilMs, nextPassedMs([app.startedAtMs], nowMs))
  },
  build({ snapshot, timezone, nowMs }) {
    const { app, cycle, config } = snapshot
    const market = marketAt(snapshot.market, nowMs)
    const state = market.isStateComputed ? `${market.state}${COMPUTED}` : market.state
    return [
      fields(
        field('app', textCell(app.name)),
        field('version', textCell(app.version)),
        field('market', textCell(state)),
        field('next_open', nextOpenCell(market.nextOpenMs, market.isNextOpenComputed, timezone), MOMENT),
        field('indices', textCell(namesOf(snapshot.indices))),
        field('env', textCell(config.env)),
        field('cycle', numberCell(cycle.number, plainNumber(cycle.number))),
        ...startFields(app, timezone, nowMs),
      ),
      ...wrongTypes(snapshot.wrongTypes),
      ...dataWarnings(snapshot.dataWarnings),
    ]
  },
  facts({ snapshot: { app, config, market }, nowMs }) {
    const { state, isStateComputed, nextOpenMs, isNextOpenComputed } = marketAt(market, nowMs)
    const text = (given: string | null) => (given === null ? null : shownText(given) || null)
    return known({
      app: text(app.name),
      version: text(app.version),
      env: text(config.env),
      started_at_ms: app.startedAtMs,
      uptime_sec: app.uptimeSec,
      market: state,
      market_computed: state === null ? null : isStateComputed,
      next_open_ms: nextOpenMs,
      next_open_computed: nextOpenMs === null ? null : isNextOpenComputed,
    })
  },
})
