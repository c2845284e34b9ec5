// Distributes panels to columns and computes the widths of the columns. Panels keep their order: down the first column, then
// down the second. A screen that rearranges itself disturbs its readers more than an unbalanced one, so the previous
// arrangement stays until a new one shows noticeably more.

/** Terminal columns from which on there are three or two columns of panels. */
const THREE_FROM = 150
const TWO_FROM = 100
/** Rows of content that a new arrangement must show more than the old one. */
const MIN_GAIN = 3
/** Widths are rounded up to this, so that a value one digit longer moves nothing. */
const STEP = 4
/** Default of `G6_PANEL_MIN_COL_W`. */
const MIN_WIDTH = 30

export function columnCount(width: number, minWidth: number | null): number {
  const byWidth = width >= THREE_FROM ? 3 : width >= TWO_FROM ? 2 : 1
  return minWidth === null ? byWidth : Math.max(1, Math.min(byWidth, Math.floor(width / minWidth)))
}

/** Where each column ends (exclusive); the last is the number of panels. */
export type Split = readonly number[]

function sumBetween(heights: readonly number[], from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += heights[i] ?? 0
  return sum
}

function columnHeights(heights: readonly number[], split: Split): number[] {
  return split.map((end, i) => sumBetween(heights, i === 0 ? 0 : (split[i - 1] ?? 0), end))
}

function allSplits(from: number, count: number, columns: number): Split[] {
  if (columns === 1) return [[count]]
  const splits: Split[] = []
  for (let end = from + 1; end <= count - columns + 1; end++) {
    for (const rest of allSplits(end, count, columns - 1)) splits.push([end, ...rest])
  }
  return splits
}

/** Rows that do not fit. */
function overflow(heights: readonly number[], split: Split, rows: number): number {
  return columnHeights(heights, split).reduce((sum, height) => sum + Math.max(0, height - rows), 0)
}

/** Up to this many panels every split is tried; more are distributed evenly. */
const TRY_ALL_UP_TO = 40

/** The split whose tallest column is lowest; `previous` when it is nearly as good. */
export function splitPanels(
  heights: readonly number[],
  columns: number,
  rows: number,
  previous: Split | null,
): Split {
  const count = heights.length
  const used = Math.max(1, Math.min(columns, count))
  if (count > TRY_ALL_UP_TO) {
    return Array.from({ length: used }, (_, i) => Math.ceil((count * (i + 1)) / used))
  }
  let best: Split = [count]
  let lowest = Number.POSITIVE_INFINITY
  for (const split of allSplits(0, count, used)) {
    const tallest = Math.max(...columnHeights(heights, split))
    if (tallest < lowest) {
      best = split
      lowest = tallest
    }
  }
  if (previous === null || previous.length !== best.length || previous.at(-1) !== count) return best
  const gain = overflow(heights, previous, rows) - overflow(heights, best, rows)
  return gain < MIN_GAIN ? previous : best
}

export type ColumnNeed = {
  /** The minimum and preferred width of its widest panel, with the frame. */
  readonly least: number
  readonly natural: number
  /** `G6_PANEL_W_<NAME>` of one of its panels; null when none is set. */
  readonly fixed: number | null
}

function equalShares(width: number, count: number): number[] {
  const share = Math.floor(width / count)
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? width - share * (count - 1) : share))
}

/** Max-min fair shares: no more than requested; small requests are met, the others share the rest equally. */
function fairShares(requests: readonly number[], width: number): number[] {
  const shares = requests.map(() => 0)
  let open = requests.map((_, i) => i)
  let left = width
  while (open.length > 0) {
    const equal = Math.floor(left / open.length)
    const small = open.filter(i => (requests[i] ?? 0) <= equal)
    for (const i of small.length > 0 ? small : open) {
      shares[i] = small.length > 0 ? (requests[i] ?? 0) : equal
      left -= shares[i] ?? 0
    }
    open = small.length > 0 ? open.filter(i => !small.includes(i)) : []
  }
  return shares
}

/** First the minimum widths, then the preferred ones, then equal shares of the rest. */
function sharesByNeed(needs: readonly ColumnNeed[], least: number, width: number): number[] {
  const stepped = (columns: number): number => Math.max(least, Math.ceil(columns / STEP) * STEP)
  let shares = needs.map(() => 0)
  let left = width
  const give = (more: readonly number[]): void => {
    shares = shares.map((share, i) => share + (more[i] ?? 0))
    left = width - shares.reduce((sum, share) => sum + share, 0)
  }
  give(
    fairShares(
      needs.map(need => stepped(need.least)),
      left,
    ),
  )
  give(
    fairShares(
      needs.map((need, i) => Math.max(0, stepped(need.natural) - (shares[i] ?? 0))),
      left,
    ),
  )
  give(equalShares(left, needs.length))
  return shares
}

/** How badly the columns fit; dropped or cut content counts more than clipped content. */
function discomfort(needs: readonly ColumnNeed[], widths: readonly number[]): number {
  return needs.reduce((sum, { least, natural }, i) => {
    const width = widths[i] ?? 0
    return sum + 4 * Math.max(0, least - width) + Math.max(0, natural - width)
  }, 0)
}

export type WidthOptions = {
  readonly width: number
  readonly minWidth: number | null
  readonly autoFit: boolean
  readonly previous: readonly number[] | null
}

/** One width for each column; the sum is at most `width`. */
export function columnWidths(needs: readonly ColumnNeed[], options: WidthOptions): readonly number[] {
  const { width, autoFit, previous } = options
  const least = Math.min(options.minWidth ?? MIN_WIDTH, Math.floor(width / Math.max(1, needs.length)))
  const free = needs.filter(({ fixed }) => fixed === null)
  // Fixed columns first, but leave at least `least` for every other column.
  let left = width - free.length * least
  const fixed = needs.map((need, i) => {
    if (need.fixed === null) return null
    const others = needs.slice(i + 1).filter(other => other.fixed !== null).length
    const given = Math.max(least, Math.min(need.fixed, left - others * least))
    left -= given
    return given
  })
  const forFree = width - fixed.reduce((sum: number, given) => sum + (given ?? 0), 0)
  const shares = autoFit ? sharesByNeed(free, least, forFree) : equalShares(forFree, Math.max(1, free.length))
  let next = 0
  const widths = fixed.map(given => given ?? shares[next++] ?? least)
  const keeps =
    previous !== null &&
    previous.length === widths.length &&
    previous.reduce((sum, w) => sum + w, 0) === widths.reduce((sum, w) => sum + w, 0) &&
    autoFit &&
    fixed.every((given, i) => given === null || given === previous[i]) &&
    discomfort(needs, previous) <= discomfort(needs, widths) + STEP
  return keeps ? previous : widths
}
