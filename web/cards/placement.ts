// Places the cards: each, in order, in the column that is shortest so far, or in a gap that a wide card left above. Uses estimated heights, and only when cards appear,
// disappear or move, so that no card jumps because another one grew; a wall display, which must not scroll, uses real ones.
import { groupsOf } from '../../src/display/groups.js'
import type { Block } from '../state/panels.js'
import { widthsOf } from './columns.js'

/** `height` in rem. `isLong`: it may take a second column that would stay empty. */
export type CardSize = {
  readonly key: string
  readonly height: number
  readonly isWide: boolean
  readonly isLong?: boolean
  /** How many columns a board file gives it. */
  readonly span?: number | undefined
}
export type Place = { readonly column: number; readonly span: number }

const HEAD_REM = 3.4
const FIELD_REM = 1.857
const ROW_REM = 2.143
const MOST_TABLE_ROWS = 20
/** Groups of fields that stand side by side. */
const GROUPS_IN_ROW = 3
/** A table that needs more characters takes two columns. */
const WIDE_OVER_CH = 40

/** From this many fields on a card without a table is long. */
const LONG_FIELDS = 10

/** The least width of the window for 2, 3 and 4 columns. */
const COLUMNS_FROM_PX = [600, 1000, 2000]

/** How many columns a window of this width has. */
export function columnsIn(widthPx: number): number {
  return 1 + COLUMNS_FROM_PX.filter(from => widthPx >= from).length
}

export function sizeOf(key: string, blocks: readonly Block[], isFolded: boolean): CardSize {
  if (isFolded) return { key, height: HEAD_REM, isWide: false }
  let height = HEAD_REM
  let isWide = false
  for (const block of blocks) {
    if (block.kind === 'fields') height += block.items.length * FIELD_REM
    else if (block.kind === 'text') height += FIELD_REM
    else if (block.rows.length > 0) {
      const groups = groupsOf(block, key)
      if (groups !== null) {
        isWide ||= groups.length > 1
        height += Math.ceil((block.rows.length / Math.min(groups.length, GROUPS_IN_ROW)) * FIELD_REM)
        continue
      }
      height += (Math.min(block.rows.length, MOST_TABLE_ROWS) + 1) * ROW_REM
      const needed = widthsOf(block.columns, block.rows, [], key).reduce((sum, width) => sum + width + 2, 0)
      // A table with messages is wide, even while they are short.
      isWide ||= needed > WIDE_OVER_CH || block.columns.some(({ role }) => role === 'message')
    }
  }
  const fieldCount = blocks.reduce(
    (sum, block) => sum + (block.kind === 'fields' ? block.items.length : 0),
    0,
  )
  const isLong = fieldCount >= LONG_FIELDS && blocks.every(({ kind }) => kind !== 'table')
  return { key, height, isWide, ...(isLong ? { isLong } : {}) }
}

const spanOf = ({ isWide, span }: CardSize): number => span ?? (isWide ? 2 : 1)

/** As many columns as fit, but no more than these cards fill; an even number where all cards are wide. */
export function columnsFor(cards: readonly CardSize[], room: number): number {
  const filled = Math.min(
    room,
    cards.reduce((sum, card) => sum + spanOf(card), 0),
  )
  const isUneven = filled > 2 && cards.every(card => spanOf(card) === 2)
  return Math.max(1, isUneven ? filled - (filled % 2) : filled)
}

/** Zero-based columns by key. With a limit only of the cards that end above it; in the unit of their heights. */
export function placesOf(
  cards: readonly CardSize[],
  columnCount: number,
  limit = Number.POSITIVE_INFINITY,
): ReadonlyMap<string, Place> {
  const heights = Array.from({ length: Math.max(1, columnCount) }, () => 0)
  const places = new Map<string, Place>()
  /** Room above a wide card. */
  const gaps: { readonly column: number; height: number }[] = []
  /** Long cards in one column, with the column's height above them. */
  const long: {
    readonly key: string
    readonly column: number
    readonly top: number
    readonly end: number
  }[] = []
  for (const card of cards) {
    const { key, height } = card
    const span = Math.min(spanOf(card), heights.length)
    const gap = span === 1 ? gaps.find(each => each.height >= height) : undefined
    if (gap !== undefined) {
      gap.height -= height
      places.set(key, { column: gap.column, span })
      continue
    }
    let best = 0
    let bestTop = Number.POSITIVE_INFINITY
    for (let column = 0; column + span <= heights.length; column++) {
      const top = Math.max(...heights.slice(column, column + span))
      if (top < bestTop) [best, bestTop] = [column, top]
    }
    // The first card is shown in any case.
    if (bestTop + height > limit && places.size > 0) continue
    for (let column = best; column < best + span; column++) {
      const left = bestTop - (heights[column] ?? 0)
      if (left > 0) gaps.push({ column, height: left })
      heights[column] = bestTop + height
    }
    places.set(key, { column: best, span })
    if (card.isLong === true && card.span === undefined && span === 1)
      long.push({ key, column: best, top: bestTop, end: bestTop + height })
  }
  for (const { key, column, top, end } of long) {
    const free = [column + 1, column - 1].find(other => (heights[other] ?? Number.POSITIVE_INFINITY) <= top)
    if (free === undefined || heights[column] !== end) continue
    places.set(key, { column: Math.min(column, free), span: 2 })
    heights[free] = end
  }
  return places
}
