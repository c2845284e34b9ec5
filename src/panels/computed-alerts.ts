// Alerts that the status does not contain but operators expect: indices with low data quality, and a closed market. They are marked
// as computed and not counted: the totals are the status's own. They are lines below the table, not rows: they have no time and
// change with every score, so a page would sound each change as a new alert.
import { marketAt } from '../snapshot/market.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { plainNumber } from './format.js'
import type { Block, Tone } from './panel.js'
import { MESSAGE_WIDTH, shownText } from './text.js'
import type { Thresholds } from './thresholds.js'

function line(message: string, tone: Tone): Block {
  return { kind: 'text', text: `${shownText(message, MESSAGE_WIDTH)} (computed)`, tone }
}

/** Indices named in the message; the others are only counted. */
const NAMED = 3

function lowQuality(quality: Snapshot['quality'], thresholds: Thresholds): Block[] {
  const low = quality.filter(({ dqPct }) => dqPct < thresholds['dq.warn'])
  if (low.length === 0) return []
  const isBad = low.some(({ dqPct }) => dqPct < thresholds['dq.error'])
  const named = low.slice(0, NAMED).map(({ name, dqPct }) => `${name} ${plainNumber(dqPct, 1)} %`)
  const more = low.length > NAMED ? ` and ${low.length - NAMED} more` : ''
  return [line(`Low data quality: ${named.join(', ')}${more}`, isBad ? 'error' : 'warn')]
}

export function computedAlerts(
  { quality, market }: Pick<Snapshot, 'quality' | 'market'>,
  thresholds: Thresholds,
  nowMs: number,
): readonly Block[] {
  const isClosed = marketAt(market, nowMs).state === 'closed'
  return [...lowQuality(quality, thresholds), ...(isClosed ? [line('Market is closed', 'info')] : [])]
}
