// Analytics: the price compared with max pain, and the put-call ratio.
import type { Snapshot } from '../snapshot/snapshot.js'
import { field, fields, moreBlocks, namedNumbers, numberCell, textCell } from './cells.js'
import { always, definePanel } from './definition.js'
import { known } from './facts.js'
import { fixed, signed } from './format.js'
import type { Block, Cell, Column } from './panel.js'

const COLUMNS: readonly Column[] = [
  { label: 'Index', priority: 100 },
  { label: 'LTP', align: 'right', priority: 70 },
  { label: 'Max pain', align: 'right', priority: 90 },
  { label: 'Distance %', align: 'right', priority: 80, unit: '%' },
]

const BULLISH_BELOW = 0.7
const BEARISH_ABOVE = 1.3

function sentiment(pcr: number | null): string | null {
  if (pcr === null) return null
  if (pcr < BULLISH_BELOW) return 'bullish'
  return pcr > BEARISH_ABOVE ? 'bearish' : 'neutral'
}

/** Distance of the price above (+) or below (-) max pain, in per cent of max pain. */
function distancePct(ltp: number | null, maxPain: number | null): number | null {
  if (ltp === null || maxPain === null) return null
  const distance = ((ltp - maxPain) / maxPain) * 100
  // A max pain of 0 has no distance in per cent.
  return Number.isFinite(distance) ? distance : null
}

const PCR: Column = { label: 'PCR', align: 'right', priority: 85 }
const IV: Column = { label: 'IV %', align: 'right', priority: 60, unit: '%' }
const EXPIRY_COLUMNS: readonly Column[] = [
  { label: 'Index', priority: 100 },
  { label: 'Expiry', priority: 95 },
  PCR,
  { label: 'Max pain', align: 'right', priority: 90 },
  IV,
]
/** Rows shown; the others are only counted. */
const MAX_ROWS = 1_000
const MAX_EXPIRY_ROWS = 100

type Parts = Pick<Snapshot, 'indices' | 'analytics' | 'omitted'>

const decimalCell = (value: number | null): Cell => numberCell(value, fixed(value, 2))

/** The indices of the status, then those that only the analytics name. */
function table({ indices, analytics, omitted }: Parts): readonly Block[] {
  const prices = new Map(indices.map(({ name, ltp }) => [name, ltp]))
  const others = [...Object.keys(analytics.maxPain), ...analytics.byIndex.map(({ name }) => name)]
  for (const name of others) if (!prices.has(name)) prices.set(name, null)
  const byName = new Map(analytics.byIndex.map(index => [index.name, index]))
  const hasPcr = analytics.byIndex.some(({ pcr }) => pcr !== null)
  const hasIv = analytics.byIndex.some(({ iv }) => iv !== null)
  const rows = [...prices].slice(0, MAX_ROWS).map(([name, ltp]) => {
    const maxPain = analytics.maxPain[name] ?? null
    const distance = distancePct(ltp, maxPain)
    const cells = [
      textCell(name),
      decimalCell(ltp),
      decimalCell(maxPain),
      numberCell(distance, signed(distance, 2)),
    ]
    if (hasPcr) cells.push(decimalCell(byName.get(name)?.pcr ?? null))
    if (hasIv) cells.push(decimalCell(byName.get(name)?.iv ?? null))
    return cells
  })
  const columns = [...COLUMNS, ...(hasPcr ? [PCR] : []), ...(hasIv ? [IV] : [])]
  // An index that both have is counted once where it can be known.
  const more = prices.size - rows.length + Math.max(omitted.indices ?? 0, omitted.analytics ?? 0)
  return [{ kind: 'table', columns, rows }, ...moreBlocks(more, 'indices')]
}

function expiries({ analytics: { byIndex }, omitted }: Parts): readonly Block[] {
  const rows = byIndex.flatMap(({ name, expiries: of }) =>
    of.map(({ expiry, pcr, maxPain, iv }): readonly Cell[] => [
      textCell(name),
      textCell(expiry),
      decimalCell(pcr),
      decimalCell(maxPain),
      decimalCell(iv),
    ]),
  )
  if (rows.length === 0) return []
  const shown = rows.slice(0, MAX_EXPIRY_ROWS)
  const more = rows.length - shown.length + (omitted['analytics.expiries'] ?? 0)
  return [{ kind: 'table', columns: EXPIRY_COLUMNS, rows: shown }, ...moreBlocks(more, 'expiries')]
}

export const analytics = definePanel({
  key: 'analytics',
  title: 'Analytics',
  order: 40,
  stability: 'stable',
  reads: ['indices', 'analytics', 'omitted'],
  fedBy: ['analytics'],
  shown: always,
  build({ snapshot }) {
    const { pcr } = snapshot.analytics
    return [
      fields(field('pcr', decimalCell(pcr), { fact: 'pcr' }), field('sentiment', textCell(sentiment(pcr)))),
      ...table(snapshot),
      ...expiries(snapshot),
    ]
  },
  facts: ({ snapshot: { analytics: of } }) => known({ pcr: of.pcr, max_pain: namedNumbers(of.maxPain) }),
})
