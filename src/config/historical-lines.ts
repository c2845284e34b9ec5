// Which lines of a Markdown text tell of the past: those under a heading with "history" or "historical" in it, up to the
// next heading of the same or a higher level. A `#` inside a code fence is no heading.

const FENCE = /^\s{0,3}(```+|~~~+)/
const HEADING = /^(#{1,6})\s(.*)$/
const OF_THE_PAST = /\b(history|historical)\b/i

/** For each line of the text, whether it is historical. */
export function historicalLines(markdown: string): readonly boolean[] {
  let fence: string | null = null
  /** Level of the heading that began the past; 0 outside of it. */
  let since = 0
  return markdown.split('\n').map(line => {
    const mark = FENCE.exec(line)?.[1]
    if (mark !== undefined && (fence === null || mark.startsWith(fence))) {
      fence = fence === null ? mark : null
    }
    const heading = fence === null ? HEADING.exec(line) : null
    if (heading !== null) {
      const level = heading[1]?.length ?? 0
      if (since > 0 && level <= since) since = 0
      if (since === 0 && OF_THE_PAST.test(heading[2] ?? '')) since = level
    }
    return since > 0
  })
}
