// A replace-only line diff: O(n) and easy to apply correctly. Lines that differ are replaced, lines past the old end are added,
// lines past the new end are removed. Applying a diff to the lines it was made from always gives the new lines.

export type LineChange = { readonly index: number; readonly old: string; readonly new: string }

export type LinesDiff = {
  readonly changed: readonly LineChange[]
  /** New lines past the old end, in order. */
  readonly added: readonly string[]
  /** Old lines past the new end, in order. */
  readonly removed: readonly string[]
  readonly totalLines: number
}

export function diffLines(before: readonly string[], after: readonly string[]): LinesDiff {
  const shared = Math.min(before.length, after.length)
  const changed: LineChange[] = []
  for (let index = 0; index < shared; index++) {
    const old = before[index] as string
    const now = after[index] as string
    if (old !== now) changed.push({ index, old, new: now })
  }
  return { changed, added: after.slice(shared), removed: before.slice(shared), totalLines: after.length }
}

/** How many changes a diff holds; what `G6_SSE_STRUCT_MAX_CHANGES` limits. */
export function changeCount(diff: LinesDiff): number {
  return diff.changed.length + diff.added.length + diff.removed.length
}

/** The lines after the diff, or null when the diff was made from other lines than `before`. */
export function applyLinesDiff(before: readonly string[], diff: LinesDiff): readonly string[] | null {
  const kept = before.length - diff.removed.length
  if (kept < 0 || kept + diff.added.length !== diff.totalLines) return null
  const lines = before.slice(0, kept)
  for (const change of diff.changed) {
    if (change.index >= kept || lines[change.index] !== change.old) return null
    lines[change.index] = change.new
  }
  for (const line of diff.added) lines.push(line)
  return lines
}
