// What a wall display leaves out, because it does not scroll.

import type { Cell } from '../state/panels.js'
import { query } from '../state/query.js'
import { rowTone } from './sort.js'

/** Bar, paddings, the head of the card and of the table, and the zone below. */
const AROUND_REM = 15
const ROW_REM = 2.143
const LEAST_ROWS = 4
const FEW_CARDS = 2

/** How many rows of a table there is room for; half of it where there are other cards. */
export function kioskRows(): number {
  const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  const all = Math.floor((innerHeight / remPx - AROUND_REM) / ROW_REM)
  const isAlone = query.panels !== null && query.panels.length <= FEW_CARDS
  return Math.max(LEAST_ROWS, isAlone ? all : Math.floor(all / 2))
}

/** How many alerts there is room for. */
export function kioskAlerts(): number {
  return query.panels !== null && query.panels.length <= FEW_CARDS ? 8 : 1
}

/** `6 more, all well`, `6 more, 2 not well` */
export function moreText(count: number, notWell: number): string {
  return `${count} more, ${notWell === 0 ? 'all well' : `${notWell} not well`}`
}

export function moreRows(rows: readonly (readonly Cell[])[]): string {
  return moreText(rows.length, rows.filter(row => rowTone(row) !== undefined).length)
}
