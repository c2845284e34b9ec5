// Which columns each card is in. The page draws a card as high as it fits in its columns (`grid-auto-flow: dense`), so the columns
// alone decide where the holes are. It looks ahead: the best few ways to place the cards so far are continued with the next card.
// Cost: cards × KEPT × places of one card (at most two spans in four columns): 2 to 5 ms for 14 cards, when cards appear, disappear or move.

/** `height` in rem, over as many columns as the card has by itself. */
export type CardSize = {
  readonly key: string
  readonly height: number
  readonly isWide: boolean
  /** Its height over two columns, for a card of one column that may take a second one. */
  readonly wideHeight?: number | undefined
  /** How many columns a board file gives it. */
  readonly span?: number | undefined
}
export type Place = { readonly column: number; readonly span: number }
type Room = { readonly top: number; readonly end: number }
type Placed = { readonly key: string; readonly place: Place; readonly before: Placed | null }

/** The cards so far, placed. */
type Way = {
  /** By column, from the top: the holes, then all that is below the last card. */
  readonly free: readonly (readonly Room[])[]
  /** Where the last card begins, and the lowest one. */
  readonly top: number
  readonly column: number
  readonly lowest: number
  /** What the places cost that do not follow the order, and the second columns. */
  readonly paid: number
  /** The least that a board which begins like this may cost. */
  readonly least: number
  readonly placed: Placed | null
}

const KEPT = 32
/** A hole between cards costs this more than the same room below them. */
const HOLE_COST = 1
/** A card above the one before it, or left of it at the same height. The top of a column to the right is where one reads on. */
const BACK_COST = 6
/** For each rem that a card begins above an earlier one. */
const UP_COST = 0.3
/** A second column for a card that needs one. */
const WIDER_COST = 8

export const spanOf = ({ isWide, span }: CardSize): number => span ?? (isWide ? 2 : 1)

/** The highest place for a card of this height. */
function topIn(columns: Way['free'], height: number): number {
  let top = 0
  for (let at = 0; at < columns.length; ) {
    const from = top
    const room = columns[at]?.find(each => each.end - Math.max(each.top, from) >= height)
    top = Math.max(from, room?.top ?? 0)
    at = top > from ? 0 : at + 1
  }
  return top
}

/** The rooms that a card leaves. */
function without(rooms: readonly Room[], top: number, end: number): readonly Room[] {
  return rooms.flatMap(room =>
    room.top > top || room.end < end
      ? [room]
      : [
          { top: room.top, end: top },
          { top: end, end: room.end },
        ].filter(each => each.end > each.top),
  )
}

const endOf = (rooms: readonly Room[]): number => rooms.at(-1)?.top ?? 0

/** `areaLeft`: what the cards that are not placed yet need at least, in rem of one column. */
function leastCost(free: Way['free'], areaLeft: number): number {
  const ends = free.map(endOf)
  const filled = ends.reduce((sum, end) => sum + end, areaLeft)
  let holes = 0
  for (const rooms of free) for (const { top, end } of rooms.slice(0, -1)) holes += end - top
  return Math.max(filled, free.length * Math.max(...ends)) + HOLE_COST * holes
}

/** The way with this card in these columns; null where it ends below the limit. */
function placedAt(
  way: Way,
  key: string,
  place: Place,
  height: number,
  areaLeft: number,
  limit: number,
  price: number,
): Way | null {
  const { column, span } = place
  const top = topIn(way.free.slice(column, column + span), height)
  if (top + height > limit && way.placed !== null) return null
  const free = way.free.map((rooms, at) =>
    at < column || at >= column + span ? rooms : without(rooms, top, top + height),
  )
  const isBack = column <= way.column && (top < way.top || (top === way.top && column < way.column))
  const lowest = Math.max(way.lowest, top)
  const paid = way.paid + price + (isBack ? BACK_COST : 0) + UP_COST * (lowest - top)
  const least = leastCost(free, areaLeft) + paid
  return { free, top, column, lowest, paid, least, placed: { key, place, before: way.placed } }
}

/** Zero-based columns by key. With a limit only of the cards that end above it; in the unit of their heights. */
export function placesOf(
  cards: readonly CardSize[],
  columnCount: number,
  limit = Number.POSITIVE_INFINITY,
): ReadonlyMap<string, Place> {
  const count = Math.max(1, columnCount)
  const free = Array.from({ length: count }, () => [{ top: 0, end: Number.POSITIVE_INFINITY }])
  let ways: readonly Way[] = [{ free, top: 0, column: 0, lowest: 0, paid: 0, least: 0, placed: null }]
  const areaOf = (card: CardSize): number => card.height * Math.min(spanOf(card), count)
  let areaLeft = cards.reduce((sum, card) => sum + areaOf(card), 0)
  for (const card of cards) {
    areaLeft -= areaOf(card)
    const span = Math.min(spanOf(card), count)
    const shapes = [{ span, height: card.height, price: 0 }]
    if (span === 1 && count > 1 && card.span === undefined && card.wideHeight !== undefined)
      shapes.push({ span: 2, height: card.wideHeight, price: WIDER_COST })
    const next: Way[] = []
    // The first card is where reading begins.
    for (const way of ways)
      for (const shape of shapes)
        for (let column = 0; column + shape.span <= (way.placed === null ? shape.span : count); column++) {
          const { height, price } = shape
          const made = placedAt(way, card.key, { column, span: shape.span }, height, areaLeft, limit, price)
          if (made !== null) next.push(made)
        }
    // A card that has room nowhere is left out, and a later one may have it.
    if (next.length > 0) ways = next.sort((a, b) => a.least - b.least).slice(0, KEPT)
  }
  const places: [string, Place][] = []
  for (let each = ways[0]?.placed ?? null; each !== null; each = each.before)
    places.unshift([each.key, each.place])
  return new Map(places)
}
