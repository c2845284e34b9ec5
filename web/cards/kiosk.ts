// What a wall display leaves out, because it does not scroll.

import { notWellFirst } from '../../src/display/shape.js'
import type { Cell, Field } from '../state/panels.js'
import { query } from '../state/query.js'
import { remPx } from './rem.js'
import { rowTone } from './sort.js'

/** Bar, paddings, the head of the card and of the table, and the zone below. */
const AROUND_REM = 15
const ROW_REM = 2.143
const FIELD_REM = 1.857
const LEAST_ROWS = 4
const FEW_CARDS = 2

/** How many rows of this height fit into a card. */
function rowsOf(heightRem: number): number {
  return Math.max(LEAST_ROWS, Math.floor((innerHeight / remPx() - AROUND_REM) / heightRem))
}

/** The most important fields, in their order: those that are not well before the others. */
export function fewFields(items: readonly Field[], most: number): readonly Field[] {
  if (items.length <= most) return items
  const kept = new Set(notWellFirst(items, ({ tone }) => tone).slice(0, most))
  return items.filter(item => kept.has(item))
}

/** How many fields of a card there is room for. */
export const kioskFieldCount = (): number => rowsOf(FIELD_REM)

/** How many rows of a table there is room for; half of it where there are other cards. */
export function kioskRows(): number {
  const all = rowsOf(ROW_REM)
  const isAlone = query.panels !== null && query.panels.length <= FEW_CARDS
  return Math.max(LEAST_ROWS, isAlone ? all : Math.floor(all / 2))
}

/** How many alerts there is room for. */
export function kioskAlerts(): number {
  return query.panels !== null && query.panels.length <= FEW_CARDS ? 8 : 1
}

/** `6 more, all well`, `6 more, 2 not well`; while nothing is judged `6 more`. */
export function moreText(count: number, notWell: number, isJudged: boolean): string {
  if (!isJudged) return `${count} more`
  return `${count} more, ${notWell === 0 ? 'all well' : `${notWell} not well`}`
}

/** `rest`: rows that the panel does not have either. */
export function moreRows(rows: readonly (readonly Cell[])[], rest: number, isJudged: boolean): string {
  const notWell = rows.filter(row => rowTone(row) !== undefined).length
  return moreText(rows.length + rest, notWell, isJudged)
}
