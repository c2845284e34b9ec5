// The lines of a Markdown text about the past: those under a heading with "history" or "historical" in it, up to the next heading
// of the same or a higher level. A `#` inside a code fence is not a heading.
import type { TextFile } from '../files/text-files.js'

const FENCE = /^\s{0,3}(```+|~~~+)/
const HEADING = /^(#{1,6})\s(.*)$/
const OF_THE_PAST = /\b(history|historical)\b/i

/** Whether each line of the text is historical. */
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

export type LiveMatch = { readonly line: number; readonly text: string; readonly match: RegExpExecArray }

/** Every match of a global pattern, with its line from 1; without the historical lines of Markdown. */
export function liveMatches({ path, text }: TextFile, pattern: RegExp): readonly LiveMatch[] {
  if (text.search(pattern) === -1) return []
  const past = path.endsWith('.md') ? historicalLines(text) : []
  return text
    .split('\n')
    .flatMap((line, i) =>
      past[i] === true ? [] : [...line.matchAll(pattern)].map(match => ({ line: i + 1, text: line, match })),
    )
}
