// Rows of cells for people.

/** In columns, with two blanks between. `numbers`: those that are set to the right. */
export function table(rows: readonly (readonly string[])[], numbers: ReadonlySet<number>): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, i) => (numbers.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
