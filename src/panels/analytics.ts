// Analytics: where the price stands against max pain, and what the put-call ratio says.

import type { Snapshot } from '../snapshot/snapshot.js'
import { field, fields, numberCell, textCell } from './cells.js'
import { always, definePanel } from './definition.js'
import { fixed, signed } from './format.js'
import type { Cell, Column } from './panel.js'

const COLUMNS: readonly Column[] = [
  { label: 'Index', priority: 100 },
  { label: 'LTP', align: 'right', priority: 70 },
  { label: 'Max pain', align: 'right', priority: 90 },
  { label: 'Distance %', align: 'right', priority: 80 },
]

const BULLISH_BELOW = 0.7
const BEARISH_ABOVE = 1.3

function sentiment(pcr: number | null): string | null {
  if (pcr === null) return null
  if (pcr < BULLISH_BELOW) return 'bullish'
  return pcr > BEARISH_ABOVE ? 'bearish' : 'neutral'
}

/** How far the price is above (+) or below (-) max pain, in per cent of max pain. */
function distancePct(ltp: number | null, maxPain: number | null): number | null {
  if (ltp === null || maxPain === null) return null
  const distance = ((ltp - maxPain) / maxPain) * 100
  // There is no distance in per cent from a max pain of 0.
  return Number.isFinite(distance) ? distance : null
}

/** Every index of the status, then those that only max pain speaks of. */
function rows({ indices, analytics }: Pick<Snapshot, 'indices' | 'analytics'>): readonly (readonly Cell[])[] {
  const prices = new Map(indices.map(({ name, ltp }) => [name, ltp]))
  for (const name of Object.keys(analytics.maxPain)) if (!prices.has(name)) prices.set(name, null)
  return Array.from(prices, ([name, ltp]) => {
    const maxPain = analytics.maxPain[name] ?? null
    const distance = distancePct(ltp, maxPain)
    return [
      textCell(name),
      numberCell(ltp, fixed(ltp, 2)),
      numberCell(maxPain, fixed(maxPain, 2)),
      numberCell(distance, signed(distance, 2)),
    ]
  })
}

export const analytics = definePanel({
  key: 'analytics',
  title: 'Analytics',
  order: 40,
  stability: 'stable',
  reads: ['indices', 'analytics'],
  shown: always,
  build({ snapshot }) {
    const { pcr } = snapshot.analytics
    return [
      fields(field('pcr', numberCell(pcr, fixed(pcr, 2))), field('sentiment', textCell(sentiment(pcr)))),
      { kind: 'table', columns: COLUMNS, rows: rows(snapshot) },
    ]
  },
})
