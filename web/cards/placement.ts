// Places the cards: each, in order, in the column that is shortest so far. Uses estimated heights, and only when cards appear,
// disappear or move, so that no card jumps because another one grew.
import type { Block } from '../state/panels.js'
import { widthsOf } from './columns.js'

export type CardSize = { readonly key: string; readonly rows: number; readonly isWide: boolean }
export type Place = { readonly column: number; readonly span: number }

const HEAD_ROWS = 3
const MOST_TABLE_ROWS = 26
/** A table that needs more characters takes two columns. */
const WIDE_OVER_CH = 44

export function sizeOf(key: string, blocks: readonly Block[], isFolded: boolean): CardSize {
  if (isFolded) return { key, rows: HEAD_ROWS, isWide: false }
  let rows = HEAD_ROWS
  let isWide = false
  for (const block of blocks) {
    // A table with messages is wide, even while they are short.
    isWide ||= block.kind === 'table' && block.columns.some(({ role }) => role === 'message')
    if (block.kind === 'fields') rows += block.items.length
    else if (block.kind === 'text') rows += 1
    else if (block.rows.length > 0) {
      rows += Math.min(block.rows.length, MOST_TABLE_ROWS) + 2
      const needed = widthsOf(block.columns, block.rows, []).reduce((sum, width) => sum + width, 0)
      isWide ||= needed > WIDE_OVER_CH
    }
  }
  return { key, rows, isWide }
}

const spanOf = ({ isWide }: CardSize): number => (isWide ? 2 : 1)

/** As many columns as fit, but no more than these cards fill; an even number where all cards are wide. */
export function columnsFor(cards: readonly CardSize[], room: number): number {
  const filled = Math.min(
    room,
    cards.reduce((sum, card) => sum + spanOf(card), 0),
  )
  const isUneven = filled > 2 && cards.every(({ isWide }) => isWide)
  return Math.max(1, isUneven ? filled - (filled % 2) : filled)
}

/** Zero-based columns by key. */
export function placesOf(cards: readonly CardSize[], columnCount: number): ReadonlyMap<string, Place> {
  const heights = Array.from({ length: Math.max(1, columnCount) }, () => 0)
  const places = new Map<string, Place>()
  for (const card of cards) {
    const { key, rows } = card
    const span = Math.min(spanOf(card), heights.length)
    let best = 0
    let bestTop = Number.POSITIVE_INFINITY
    for (let column = 0; column + span <= heights.length; column++) {
      const top = Math.max(...heights.slice(column, column + span))
      if (top < bestTop) [best, bestTop] = [column, top]
    }
    for (let column = best; column < best + span; column++) heights[column] = bestTop + rows
    places.set(key, { column: best, span })
  }
  return places
}
