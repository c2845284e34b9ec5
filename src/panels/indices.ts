// Indices: a row each, with what is wrong marked where it is wrong.
import type { IndexRow, Snapshot } from '../snapshot/snapshot.js'
import { field, fields, numberCell, textCell } from './cells.js'
import { always, definePanel, type TimelessContext } from './definition.js'
import { fixed, plainNumber, signed, withUnit } from './format.js'
import { namesOf } from './index-names.js'
import { highIsBad, lowIsBad } from './judge.js'
import type { Block, Cell, Column, Tone } from './panel.js'
import { stateTone } from './state-words.js'
import { staleAfter } from './thresholds.js'

const COLUMNS: readonly Column[] = [
  { label: 'Index', priority: 100 },
  { label: 'LTP', align: 'right', priority: 90 },
  { label: 'Change %', align: 'right', priority: 60 },
  { label: 'Status', priority: 80 },
  { label: 'DQ %', align: 'right', priority: 70 },
  { label: 'Legs', align: 'right', priority: 40 },
  { label: 'Age', align: 'right', priority: 50 },
]
const FAILS: Column = { label: 'Fails', align: 'right', priority: 45 }

function failsCell(name: string, fails: Readonly<Record<string, number>>): Cell {
  const count = Object.hasOwn(fails, name) ? (fails[name] ?? null) : null
  return numberCell(count, plainNumber(count), count !== null && count > 0 ? 'warn' : undefined)
}

/** No index costs nothing: where trade goes on such a price is a fault of the feed. Before the open there may be none yet. */
function priceTone(ltp: number | null, market: Snapshot['market']): Tone | undefined {
  return ltp !== null && ltp <= 0 && market.state !== 'closed' ? 'warn' : undefined
}

/** While silence is normal an index that is only old is not worth a look. */
function statusTone(status: string | null, isCalm: boolean): Tone | undefined {
  if (status === null) return undefined
  return isCalm && status === 'stale' ? 'info' : stateTone(status)
}

function table(context: TimelessContext<'indices' | 'cycle' | 'market'>): Block {
  const { snapshot, thresholds, indexFails, staleness } = context
  const { market } = snapshot
  const { warnSec, errorSec } = staleAfter(thresholds, snapshot.cycle.intervalSec)
  const isCalm = staleness !== 'always' && market.state === 'closed'
  const row = ({ name, ltp, changePct, status, dqPct, legs, ageSec }: IndexRow): readonly Cell[] => {
    const dqTone = lowIsBad(dqPct, thresholds['dq.warn'], thresholds['dq.error'])
    const cells = [
      textCell(name),
      numberCell(ltp, fixed(ltp, 2), priceTone(ltp, market)),
      numberCell(changePct, signed(changePct, 2)),
      textCell(status, statusTone(status, isCalm)),
      numberCell(dqPct, fixed(dqPct, 2), dqTone),
      numberCell(legs, plainNumber(legs)),
      numberCell(
        ageSec,
        withUnit(plainNumber(ageSec), 's'),
        isCalm ? undefined : highIsBad(ageSec, warnSec, errorSec),
      ),
    ]
    return indexFails === undefined ? cells : [...cells, failsCell(name, indexFails)]
  }
  const columns = indexFails === undefined ? COLUMNS : [...COLUMNS, FAILS]
  return { kind: 'table', columns, rows: snapshot.indices.map(row) }
}

export const indices = definePanel({
  key: 'indices',
  title: 'Indices',
  order: 30,
  stability: 'stable',
  reads: ['indices', 'cycle', 'coverage', 'market'],
  shown: always,
  build(context) {
    const { indices: rows, coverage } = context.snapshot
    // No index is no good news: it says nothing.
    const isEmpty = coverage.indicesCount === 0
    const count = numberCell(
      coverage.indicesCount,
      String(coverage.indicesCount),
      isEmpty ? 'muted' : undefined,
    )
    const summary = fields(field('count', count), field('names', textCell(namesOf(rows))))
    return rows.length === 0 ? [summary] : [summary, table(context)]
  },
})
