// Distributes panels to columns: tables and what is not well to the first, fields to the others, so that all end nearly in the same
// row. A screen that rearranges itself disturbs its readers more than an unbalanced one, so the previous arrangement stays until a
// new one is noticeably better.

/** Terminal columns from which on there are three or two columns of panels. */
const THREE_FROM = 260
const TWO_FROM = 100
/** Blank columns between two columns of panels. */
export const COLUMN_GAP = 4
/** Columns end within this many rows of each other, where a panel can move for it. */
const MAX_SPREAD = 3
/** Rows by which a new arrangement must be better than the old one. */
const MIN_GAIN = 3
/** Default of `G6_PANEL_MIN_COL_W`. */
const MIN_WIDTH = 30
/** Parts of the width, by the number of columns and the width of the screen. */
const WIDE_FROM = 160
const MAX_MOVES = 40

export function columnCount(width: number, minWidth: number | null): number {
  const byWidth = width >= THREE_FROM ? 3 : width >= TWO_FROM ? 2 : 1
  if (minWidth === null) return byWidth
  return Math.max(1, Math.min(byWidth, Math.floor((width + COLUMN_GAP) / (minWidth + COLUMN_GAP))))
}

function parts(count: number, width: number): readonly number[] {
  if (count === 1) return [1]
  if (count === 2) return width >= WIDE_FROM ? [0.65, 0.35] : [0.6, 0.4]
  return [0.42, 0.32, 0.26]
}

export type WidthOptions = {
  readonly width: number
  readonly minWidth: number | null
  readonly autoFit: boolean
  /** For each column `G6_PANEL_W_<NAME>` of one of its panels; null when none is set. */
  readonly fixed: readonly (number | null)[]
}

/** One width for each column; with the gaps between them at most `width`. */
export function columnWidths({ width, minWidth, autoFit, fixed }: WidthOptions): readonly number[] {
  const count = fixed.length
  const room = Math.max(count, width - COLUMN_GAP * (count - 1))
  const least = Math.min(minWidth ?? MIN_WIDTH, Math.floor(room / count))
  let left = room
  const given = fixed.map((wanted, i) => {
    if (wanted === null) return null
    // At least `least` for each column that is still to come, and for each without a width.
    const others = fixed.filter((other, at) => at !== i && (other === null || at > i)).length
    const taken = Math.max(least, Math.min(wanted, left - others * least))
    left -= taken
    return taken
  })
  const share = parts(count, width)
  const free = given.flatMap((taken, i) => (taken === null ? [i] : []))
  const sum = free.reduce((total, i) => total + (autoFit ? (share[i] ?? 0) : 1), 0)
  let rest = left
  return given.map((taken, i) => {
    if (taken !== null) return taken
    if (i === free.at(-1)) return rest
    const others = free.filter(at => at > i).length
    const wanted = Math.floor((left * (autoFit ? (share[i] ?? 0) : 1)) / sum)
    const own = Math.max(least, Math.min(wanted, rest - others * least))
    rest -= own
    return own
  })
}

export type ColumnPanel = {
  /** A table, messages, or not well. */
  readonly isWide: boolean
  /** Its rows in each column. */
  readonly heights: readonly number[]
}

/** The column of each panel. */
export type Split = readonly number[]

function columnHeights(panels: readonly ColumnPanel[], split: Split, columns: number): number[] {
  const heights = Array.from({ length: columns }, () => 0)
  panels.forEach((panel, i) => {
    const at = split[i] ?? 0
    heights[at] = (heights[at] ?? 0) + (panel.heights[at] ?? 0)
  })
  return heights
}

const spreadOf = (heights: readonly number[]): number => Math.max(...heights) - Math.min(...heights)

function startSplit(panels: readonly ColumnPanel[], columns: number): number[] {
  const split: number[] = []
  for (const panel of panels) {
    const heights = columnHeights(panels.slice(0, split.length), split, columns)
    const narrow = heights.slice(1)
    const lowest = 1 + narrow.indexOf(Math.min(...narrow))
    split.push(panel.isWide || columns === 1 ? 0 : lowest)
  }
  return split
}

/** The move of one panel, or the exchange of two, that makes the columns end most nearly in the same row; null when none helps. */
function betterSplit(panels: readonly ColumnPanel[], split: Split, columns: number): number[] | null {
  let best: number[] | null = null
  let least = spreadOf(columnHeights(panels, split, columns))
  const consider = (next: number[], cost: number): void => {
    const spread = spreadOf(columnHeights(panels, next, columns)) + cost
    if (spread >= least) return
    least = spread
    best = next
  }
  panels.forEach((panel, i) => {
    for (let to = 0; to < columns; to++) {
      if (to === split[i]) continue
      // A wide panel in a narrow column loses columns of its table.
      consider(
        split.map((at, j) => (j === i ? to : at)),
        panel.isWide && to > 0 ? 0.5 : 0,
      )
    }
  })
  if (best !== null && least <= MAX_SPREAD) return best
  panels.forEach((_, i) => {
    for (let j = i + 1; j < panels.length; j++) {
      if (split[i] === split[j]) continue
      consider(
        split.map((at, k) => (k === i ? (split[j] ?? 0) : k === j ? (split[i] ?? 0) : at)),
        0.5,
      )
    }
  })
  return best
}

/** Which column each panel is in; `previous` when a new arrangement would be hardly better. */
export function splitPanels(
  panels: readonly ColumnPanel[],
  columns: number,
  rows: number,
  previous: Split | null,
): Split {
  const used = Math.max(1, Math.min(columns, panels.length))
  let split: number[] = startSplit(panels, used)
  for (
    let moves = 0;
    moves < MAX_MOVES && spreadOf(columnHeights(panels, split, used)) > MAX_SPREAD;
    moves++
  ) {
    const better = betterSplit(panels, split, used)
    if (better === null) break
    split = better
  }
  if (previous === null || previous.length !== split.length || previous.some(at => at >= used)) return split
  const [before, after] = [columnHeights(panels, previous, used), columnHeights(panels, split, used)]
  const overflow = (heights: readonly number[]): number =>
    heights.reduce((sum, height) => sum + Math.max(0, height - rows), 0)
  const isFine = spreadOf(before) <= Math.max(MAX_SPREAD, spreadOf(after)) + MIN_GAIN
  return isFine && overflow(before) - overflow(after) < MIN_GAIN ? previous : split
}
