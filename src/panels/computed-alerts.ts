// What the status says nowhere as an alert and an operator is used to read as one: indices of low data quality, and a market that is
// closed. They are marked as computed, and count in no total: totals are the status's own.
import { marketAt } from '../snapshot/market.js'
import type { AlertLevel, Snapshot } from '../snapshot/snapshot.js'
import { plainNumber } from './format.js'
import type { Thresholds } from './thresholds.js'

export type ComputedAlert = {
  readonly level: AlertLevel
  readonly component: string
  readonly message: string
}

/** Indices named in one message; the rest is counted. */
const NAMED = 3

function lowQuality(quality: Snapshot['quality'], thresholds: Thresholds): ComputedAlert[] {
  const low = quality.filter(({ dqPct }) => dqPct < thresholds['dq.warn'])
  if (low.length === 0) return []
  const isBad = low.some(({ dqPct }) => dqPct < thresholds['dq.error'])
  const named = low.slice(0, NAMED).map(({ name, dqPct }) => `${name} ${plainNumber(dqPct, 1)} %`)
  const more = low.length > NAMED ? ` and ${low.length - NAMED} more` : ''
  const message = `Low data quality: ${named.join(', ')}${more}`
  return [{ level: isBad ? 'critical' : 'warn', component: 'data quality', message }]
}

export function computedAlerts(
  { quality, market }: Pick<Snapshot, 'quality' | 'market'>,
  thresholds: Thresholds,
  nowMs: number,
): readonly ComputedAlert[] {
  const isClosed = marketAt(market, nowMs).state === 'closed'
  const closed: ComputedAlert = { level: 'info', component: 'market', message: 'Market is closed' }
  return [...lowQuality(quality, thresholds), ...(isClosed ? [closed] : [])]
}
