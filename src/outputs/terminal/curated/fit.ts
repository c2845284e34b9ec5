// Makes the blocks of the curated mode fit: the least important shrink to one line first, then they are dropped. Header and
// cycle are never dropped, nor are alerts while one is critical.

export type CuratedNeed = {
  readonly key: string
  readonly importance: number
  /** Rows of the block with its heading; at least 1. */
  readonly full: number
  /** Never dropped. */
  readonly stays: boolean
}

/** Rows for each block: `full`, 1, or 0 when it is dropped. The sum exceeds `rows` only when the blocks that stay do. */
export function fitCurated(needs: readonly CuratedNeed[], rows: number): readonly number[] {
  const heights = needs.map(({ full }) => full)
  const total = (): number => heights.reduce((sum, height) => sum + height, 0)
  const leastFirst = needs
    .map((need, i) => ({ need, i }))
    .sort((a, b) => a.need.importance - b.need.importance || b.i - a.i)
  for (const { i } of leastFirst) {
    if (total() <= rows) break
    heights[i] = 1
  }
  for (const { need, i } of leastFirst) {
    if (total() <= rows) break
    if (!need.stays) heights[i] = 0
  }
  return heights
}
