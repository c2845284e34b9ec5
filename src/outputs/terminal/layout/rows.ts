// Shares the rows of one column among its panels. The first that fits: as tall as the content and as before (so nothing
// jumps), as tall as the content, dense content, clipped content, and finally one line for the least important panels. The
// focused panel is the most important, so focusing a collapsed one opens it.
import { BOX_ROWS } from '../draw/box.js'
import type { Density } from '../draw/content.js'

/** Lines of content that a clipped panel shows at least. */
const MIN_CONTENT = 3
const MIN_BOX = BOX_ROWS + 1

export type RowNeed = {
  readonly key: string
  readonly importance: number
  /** Rows with the frame. */
  readonly roomy: number
  readonly dense: number
  /** `G6_PANEL_H_<NAME>`; null when it is not set. */
  readonly fixed: number | null
  /** Rows in the last frame; null when it was not there. */
  readonly before: number | null
}

export type Rows = {
  readonly key: string
  readonly height: number
  readonly density: Density
  /** The height before spare rows were distributed. */
  readonly needed: number
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** A box has at least 3 rows; with less the panel is a single line. */
function fixedHeight(fixed: number): number {
  return fixed < MIN_BOX ? 1 : fixed
}

/** The last panel that may grow gets the spare rows, so that all columns have the same end. */
function grown(needs: readonly RowNeed[], heights: readonly number[], rows: number): number[] {
  const last = needs.findLastIndex((need, i) => need.fixed === null && (heights[i] ?? 0) >= MIN_BOX)
  const left = rows - sum(heights)
  return heights.map((height, i) => (i === last && left > 0 ? height + left : height))
}

/** Least important first; of equals the later one. */
function byImportance(needs: readonly RowNeed[]): number[] {
  return needs
    .map((_, i) => i)
    .sort((a, b) => (needs[a]?.importance ?? 0) - (needs[b]?.importance ?? 0) || b - a)
}

function squeezed(needs: readonly RowNeed[], rows: number): number[] {
  const wanted = needs.map(({ dense, fixed }) => (fixed === null ? dense : fixedHeight(fixed)))
  const least = needs.map(({ dense, fixed }) =>
    fixed === null ? Math.min(dense, BOX_ROWS + MIN_CONTENT) : fixedHeight(fixed),
  )
  const order = byImportance(needs)
  for (const i of order) {
    if (sum(least) <= rows) break
    least[i] = 1
    wanted[i] = 1
  }
  for (const i of order) {
    if (sum(least) <= rows) break
    least[i] = 0
    wanted[i] = 0
  }
  // Spare rows go to the most important panel first: one whole panel is better than two halves.
  let left = rows - sum(least)
  for (const i of order.toReversed()) {
    const more = Math.min(left, Math.max(0, (wanted[i] ?? 0) - (least[i] ?? 0)))
    least[i] = (least[i] ?? 0) + more
    left -= more
  }
  return least
}

function evenly(needs: readonly RowNeed[], rows: number): number[] {
  const fixed = needs.map(need => (need.fixed === null ? null : fixedHeight(need.fixed)))
  const free = fixed.filter(height => height === null).length
  const share = Math.floor((rows - sum(fixed.map(height => height ?? 0))) / Math.max(1, free))
  if (share < MIN_BOX) return squeezed(needs, rows)
  return grown(
    needs,
    fixed.map(height => height ?? share),
    rows,
  )
}

/** A height for every panel, in order; the sum is at most `rows`. 0 = hidden, 1 = a single line. */
export function shareRows(needs: readonly RowNeed[], rows: number, autoFit: boolean): readonly Rows[] {
  const as = (heights: readonly number[], needed: readonly number[], density: Density): readonly Rows[] =>
    needs.map(({ key }, i) => ({ key, height: heights[i] ?? 0, density, needed: needed[i] ?? 0 }))
  const roomy = needs.map(({ roomy, fixed }) => (fixed === null ? roomy : fixedHeight(fixed)))
  const dense = needs.map(({ dense, fixed }) => (fixed === null ? dense : fixedHeight(fixed)))
  if (!autoFit) {
    const heights = evenly(needs, rows)
    const enough = needs.every(({ roomy }, i) => roomy <= (heights[i] ?? 0))
    return as(heights, heights, enough ? 'roomy' : 'dense')
  }
  const steady = needs.map(({ before, fixed }, i) =>
    fixed === null ? Math.max(roomy[i] ?? 0, before ?? 0) : (roomy[i] ?? 0),
  )
  for (const heights of [steady, roomy]) {
    if (sum(heights) <= rows) return as(grown(needs, heights, rows), heights, 'roomy')
  }
  if (sum(dense) <= rows) return as(grown(needs, dense, rows), dense, 'dense')
  const least = squeezed(needs, rows)
  return as(grown(needs, least, rows), least, 'dense')
}
