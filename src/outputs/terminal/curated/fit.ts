// Makes the blocks of the curated mode fit: of what is well the least important shrink to one line first, then they are dropped; only
// then what is not well is cut. Header and cycle are never dropped, nor are alerts while one is critical.

export type CuratedNeed = {
  readonly key: string
  readonly importance: number
  /** Rows of the block with its heading; at least 1. */
  readonly full: number
  /** Never dropped. */
  readonly stays: boolean
  /** It keeps its rows until all that is well is dropped. */
  readonly isNotWell: boolean
}

/** Rows for each block: `full`, fewer of what is not well, 1, or 0 when it is dropped. The sum exceeds `rows` only when the blocks that stay do. */
export function fitCurated(needs: readonly CuratedNeed[], rows: number): readonly number[] {
  const heights = needs.map(({ full }) => full)
  const total = (): number => heights.reduce((sum, height) => sum + height, 0)
  const leastFirst = needs
    .map((need, i) => ({ need, i }))
    .sort((a, b) => a.need.importance - b.need.importance || b.i - a.i)
  const bad = leastFirst.filter(({ need }) => need.isNotWell)
  const well = leastFirst.filter(({ need }) => !need.isNotWell)
  for (const { i } of well) {
    if (total() <= rows) break
    heights[i] = 1
  }
  for (const { need, i } of well) {
    if (total() <= rows) break
    if (!need.stays) heights[i] = 0
  }
  // A part of what is not well is better than a line of it.
  for (const { need, i } of bad) heights[i] = Math.max(1, need.full - Math.max(0, total() - rows))
  for (const { need, i } of bad) {
    if (total() <= rows) break
    if (!need.stays) heights[i] = 0
  }
  return heights
}
