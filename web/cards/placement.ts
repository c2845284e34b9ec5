// What the places of the cards are computed from: how many columns there are, and the size of a card. Sizes are estimates, made only when
// cards appear, disappear or move, so that no card jumps because another one grew; a wall display, which must not scroll, uses real ones.
import { groupsOf } from '../../src/display/groups.js'
import { type Block, type Field, type ShownPanel, shownItems } from '../state/panels.js'
import { widthsOf } from './columns.js'
import { type CardSize, spanOf } from './packing.js'
import { isSaid, loneCount } from './say.js'

const HEAD_REM = 3.4
const FIELD_REM = 1.857
const ROW_REM = 2.143
const MOST_TABLE_ROWS = 20
/** Groups of fields that stand side by side. */
const GROUPS_IN_ROW = 3
/** A table that needs more characters takes two columns. */
const WIDE_OVER_CH = 40

/** From this many fields on a card may take a second column. */
const WIDER_FIELDS = 6

/** The least width of the window for 2, 3 and 4 columns. */
const COLUMNS_FROM_PX = [600, 1000, 2000]

/** How many columns a window of this width has. */
export function columnsIn(widthPx: number): number {
  return 1 + COLUMNS_FROM_PX.filter(from => widthPx >= from).length
}

/** Height of fields that stand in this many columns. */
const fieldsHeight = (count: number, columns: number): number => Math.ceil(count / columns) * FIELD_REM

/** How many fields of the block the card shows: the others are in its head or its table. */
function fieldCountOf(items: readonly Field[], blocks: readonly Block[], lone: Field | null): number {
  return items.filter(item => item !== lone && !isSaid(item, blocks)).length
}

export function sizeOf(
  key: string,
  { blocks, everKnown }: Pick<ShownPanel, 'blocks' | 'everKnown'>,
  isFolded: boolean,
): CardSize {
  if (isFolded) return { key, height: HEAD_REM, isWide: false }
  let height = HEAD_REM
  let isWide = false
  const fieldCounts: number[] = []
  const lone = loneCount({ blocks, everKnown })
  for (const block of blocks) {
    if (block.kind === 'fields')
      fieldCounts.push(fieldCountOf(shownItems(block.items, everKnown), blocks, lone))
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
  const over = (columns: number): number =>
    fieldCounts.reduce((sum, count) => sum + fieldsHeight(count, columns), height)
  const fieldCount = fieldCounts.reduce((sum, count) => sum + count, 0)
  if (isWide || fieldCount < WIDER_FIELDS) return { key, height: over(isWide ? 2 : 1), isWide }
  return { key, height: over(1), isWide, wideHeight: over(2) }
}

/** As many columns as fit, but no more than these cards fill; an even number where all cards are wide. */
export function columnsFor(cards: readonly CardSize[], room: number): number {
  const filled = Math.min(
    room,
    cards.reduce((sum, card) => sum + spanOf(card), 0),
  )
  const isUneven = filled > 2 && cards.every(card => spanOf(card) === 2)
  return Math.max(1, isUneven ? filled - (filled % 2) : filled)
}
