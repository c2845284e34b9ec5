// Indices: a row each; a bad value is marked in its cell.
import { marketAt } from '../snapshot/market.js'
import type { IndexRow } from '../snapshot/snapshot.js'
import { CLOCK_SKEW_MS } from '../snapshot/time.js'
import { field, fields, moreBlocks, numberCell, textCell } from './cells.js'
import { always, definePanel, type PanelContext } from './definition.js'
import { type Facts, known } from './facts.js'
import { fixed, plainNumber, signed, withUnit } from './format.js'
import { highIsBad, lowIsBad } from './judge.js'
import type { Block, Cell, Column, Field, Tone } from './panel.js'
import { stateTone } from './state-words.js'
import { TEXT_WIDTH } from './text.js'
import { staleAfter } from './thresholds.js'

const COLUMNS: readonly Column[] = [
  { label: 'Index', priority: 100 },
  { label: 'LTP', align: 'right', priority: 90, fact: 'ltp' },
  { label: 'Change %', align: 'right', priority: 60, unit: '%', fact: 'change_pct' },
  { label: 'Status', priority: 80, role: 'state' },
  { label: 'DQ %', align: 'right', priority: 70, unit: '%', fact: 'dq_pct' },
  { label: 'Legs', align: 'right', priority: 40, fact: 'legs' },
  { label: 'Age', align: 'right', priority: 50, unit: 's', fact: 'age_sec' },
]
const SUCCESS: Column = {
  label: 'Success %',
  align: 'right',
  priority: 55,
  unit: '%',
  fact: 'success_pct',
}
const FAILS: Column = { label: 'Fails', align: 'right', priority: 45, fact: 'fails' }

/** Comma-separated, in the order of the status; null when there are none. Stops when the text is longer than a panel shows. */
export function namesOf(rows: readonly IndexRow[]): string | null {
  let names = ''
  for (const { name } of rows) {
    names += names === '' ? name : `, ${name}`
    if (names.length > TEXT_WIDTH * 2) break
  }
  return names === '' ? null : names
}

/** Fails of the log win: it is newer than the status. */
function failsOf({ name, fails }: IndexRow, ofLog: Readonly<Record<string, number>> = {}): number | null {
  return Object.hasOwn(ofLog, name) ? (ofLog[name] ?? null) : fails
}

function failsCell(count: number | null): Cell {
  return numberCell(count, plainNumber(count), count !== null && count > 0 ? 'warn' : undefined)
}

/** `12 (9)`: legs of this cycle and the average of a cycle. */
function legsCell({ legs, legsAverage }: IndexRow): Cell {
  if (legsAverage === null) return numberCell(legs, plainNumber(legs))
  const text = `${plainNumber(legs)} (${plainNumber(legsAverage)})`
  return legs === null ? { text } : numberCell(legs, text)
}

/** A negative age belongs to a time in the future. */
function ageCell(ageSec: number | null, tone: Tone | undefined): Cell {
  if (ageSec !== null && ageSec < -CLOCK_SKEW_MS / 1000) {
    return numberCell(ageSec, `${plainNumber(-ageSec)}s in the future`, 'warn')
  }
  return numberCell(ageSec, withUnit(plainNumber(ageSec), 's'), tone)
}

/** A price of 0 is a fault of the feed, except in a closed market, where there may be no price yet. */
function priceTone(ltp: number | null, isClosed: boolean): Tone | undefined {
  return ltp !== null && ltp <= 0 && !isClosed ? 'warn' : undefined
}

/** While silence is normal, `stale` is no warning. */
function statusTone(status: string | null, isCalm: boolean): Tone | undefined {
  if (status === null) return undefined
  return isCalm && status === 'stale' ? 'info' : stateTone(status)
}

function table(context: PanelContext<'indices' | 'cycle' | 'market'>): Block {
  const { snapshot, thresholds, indexFails, staleness, nowMs } = context
  const isClosed = marketAt(snapshot.market, nowMs).state === 'closed'
  const { warnSec, errorSec } = staleAfter(thresholds, snapshot.cycle.intervalSec)
  const isCalm = staleness !== 'always' && isClosed
  const hasSuccess = snapshot.indices.some(({ successPct }) => successPct !== null)
  const hasFails = indexFails !== undefined || snapshot.indices.some(({ fails }) => fails !== null)
  const row = (index: IndexRow): readonly Cell[] => {
    const { name, ltp, changePct, status, dqPct, ageSec, successPct } = index
    const dqTone = lowIsBad(dqPct, thresholds['dq.warn'], thresholds['dq.error'])
    const cells = [
      textCell(name),
      numberCell(ltp, fixed(ltp, 2), priceTone(ltp, isClosed)),
      numberCell(changePct, signed(changePct, 2)),
      textCell(status, statusTone(status, isCalm)),
      numberCell(dqPct, fixed(dqPct, 2), dqTone),
      legsCell(index),
      ageCell(ageSec, isCalm ? undefined : highIsBad(ageSec, warnSec, errorSec)),
    ]
    if (hasSuccess) {
      const tone = lowIsBad(successPct, thresholds['success.warn'], thresholds['success.error'])
      cells.push(numberCell(successPct, fixed(successPct, 2), tone))
    }
    if (hasFails) cells.push(failsCell(failsOf(index, indexFails)))
    return cells
  }
  const columns = [...COLUMNS, ...(hasSuccess ? [SUCCESS] : []), ...(hasFails ? [FAILS] : [])]
  return { kind: 'table', columns, rows: snapshot.indices.map(row) }
}

/** The sum of this cycle's legs; nothing where none are known. */
function dataPoints(rows: readonly IndexRow[]): Field[] {
  const known = rows.flatMap(({ legs }) => (legs === null ? [] : [legs]))
  if (known.length === 0) return []
  const sum = known.reduce((total, legs) => total + legs, 0)
  return [field('data_points', numberCell(sum, plainNumber(sum)))]
}

export const indices = definePanel({
  key: 'indices',
  title: 'Indices',
  order: 30,
  stability: 'stable',
  reads: ['indices', 'cycle', 'coverage', 'market', 'omitted'],
  fedBy: ['indices', 'symbols', 'indices_detail', 'indices_info'],
  shown: always,
  // Trading hours begin and end.
  usesNow: true,
  changesAtMs: ({ snapshot, nowMs }) => marketAt(snapshot.market, nowMs).untilMs,
  build(context) {
    const { indices: rows, coverage } = context.snapshot
    // A count of 0 is neither good nor bad.
    const { indicesCount } = coverage
    const count = numberCell(indicesCount, String(indicesCount), indicesCount === 0 ? 'muted' : undefined)
    const names = field('names', textCell(namesOf(rows)))
    const summary = fields(field('count', count), names, ...dataPoints(rows))
    const more = moreBlocks(context.snapshot.omitted.indices ?? 0, 'indices')
    return rows.length === 0 ? [summary] : [summary, table(context), ...more]
  },
  facts({ snapshot, indexFails }) {
    return Object.fromEntries(
      snapshot.indices.map((index): [string, Facts] => [
        textCell(index.name).text,
        known({
          ltp: index.ltp,
          change_pct: index.changePct,
          dq_pct: index.dqPct,
          age_sec: index.ageSec,
          legs: index.legs,
          success_pct: index.successPct,
          fails: failsOf(index, indexFails),
        }),
      ]),
    )
  },
})
