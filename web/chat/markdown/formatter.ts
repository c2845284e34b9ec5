// An answer as blocks while it grows. Only its last block can still change, so only that is parsed again: the cost of a word is
// that of the block it is in, not of the answer.
import type { Formatted, Placed } from './blocks.js'
import { createParser, MAX_BLOCKS, MAX_TEXT, type Memory, TooLarge } from './parse.js'

export type Formatter = {
  /** `text` begins with that of the call before; `isWhole`: nothing follows, so that later link definitions apply too. */
  format(text: string, isWhole: boolean): Formatted
}

const LINE_END = /\r\n|\r|\n/g

/** Where each line begins. */
function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(LINE_END), ({ 0: end, index }) => index + end.length)]
}

/** A table begins with a line of columns; until the line of dashes below it has come it would be shown as text with bars. */
function withTableBegun(text: string): string {
  const [head = '', dashes = '', ...more] = text.split(LINE_END)
  if (more.length > 0 || !/^ {0,3}\|.*[^\s|]/.test(head) || !/^[\s|:-]*$/.test(dashes)) return text
  const bare = head.trim().replace(/^\||\|$/g, '')
  const columns = bare.replaceAll('\\|', '').split('|').length
  return `|${bare}|\n|${'-|'.repeat(columns)}`
}

export function createFormatter(nowMs: () => number): Formatter {
  const parse = createParser(nowMs)
  let settled: readonly Placed[] = []
  /** Where the text after the settled blocks begins. */
  let from = 0
  let memory: Memory = {}
  let isPlain = false

  const plain = (text: string): Formatted => ({
    blocks: [{ block: { kind: 'plain', text }, end: text.length }],
    isPlain: true,
  })

  function formatted(text: string, isWhole: boolean): Formatted {
    if (text.length > MAX_TEXT || settled.length > MAX_BLOCKS) throw new TooLarge()
    const rest = text.slice(from)
    const starts = lineStarts(rest)
    const found = parse(isWhole ? rest : withTableBegun(rest), memory)
    const at = (line: number): number => from + (starts[line] ?? rest.length)
    const placed = found.map(
      ({ block, endLine }): Placed => ({ block, end: Math.min(text.length, at(endLine)) }),
    )
    const last = found.at(-1)
    const blocks = [...settled, ...placed]
    if (!isWhole && last !== undefined && found.length > 1) {
      settled = blocks.slice(0, -1)
      from = at(last.firstLine)
    }
    return { blocks, isPlain: false }
  }

  return {
    format: (text, isWhole) => {
      if (isWhole) {
        settled = []
        from = 0
        memory = {}
      }
      if (isPlain) return plain(text)
      try {
        return formatted(text, isWhole)
      } catch (error) {
        if (!(error instanceof TooLarge)) throw error
        isPlain = true
        return plain(text)
      }
    },
  }
}
